// Words, digits and elements of the page; text is written only as text.

function uv(value) {
  if (!Number.isFinite(value)) return "no sample";
  return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} µV`;
}

function clock(time, long, places) {
  if (!long) return time.toFixed(places);
  const unit = 10 ** places, whole = Math.round(time * unit), minutes = Math.floor(whole / 60 / unit);
  return `${minutes}:${(whole / unit - 60 * minutes).toFixed(places).padStart(places ? places + 3 : 2, "0")}`;
}

const longestOf = (all) => all.reduce((a, b) => (a.length < b.length ? b : a), "");

// Fewest decimals that tell neighbouring values of this distance apart
function placesFor(step) {
  return Math.min(3, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
}

// Half the height of a trace: what is shown fits, and a trace of noise does not fill it
function reachOf({low, high, column_s, floor, reach_uv}, [from, to]) {
  let reach = floor ? 5 * floor[2] : 0;
  for (let i = Math.floor(from / column_s); i < Math.min(to / column_s, low.length); i++) {
    if (low[i] <= high[i]) reach = Math.max(reach, 1.08 * high[i], -1.08 * low[i]);
  }
  return reach || reach_uv;
}

function roundDown(value) {
  const decade = 10 ** Math.floor(Math.log10(value));
  return decade * [5, 2, 1].find((digit) => digit * decade <= value * (1 + 1e-9));
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function button(words, act) {
  const made = element("button", {type: "button"}, words);
  made.addEventListener("click", act);
  return made;
}
