// Sizes and colours of the charts, and drawing on one.

const HEAD = 40, CUES = 16, TRACE = 74, LEVEL = 60, RIBBON = 20, STRIP = 18, FOOT = 40;
const AXIS = 46, RIGHT = 18;
const FONT = "11px system-ui, sans-serif";
const INK = "#4f5965", SHADE = "#f3f1ea", PAPER = "#ffffff", SEGMENT = "#e9e5d8";
const LONG_STEPS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];

// Lines of a look's hatch; a pattern is anchored to the canvas, so that neighbours join
function hatched(context, {hatch, ink}) {
  const size = Math.round(6 * devicePixelRatio), tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const brush = tile.getContext("2d");
  brush.strokeStyle = ink;
  brush.lineWidth = devicePixelRatio;
  for (const shift of [-size, 0, size]) {
    brush.moveTo(shift, size);
    brush.lineTo(shift + size, 0);
    if (hatch.includes("x")) {
      brush.moveTo(shift, 0);
      brush.lineTo(shift + size, size);
    }
  }
  brush.stroke();
  return context.createPattern(tile, "repeat");
}

function across({bbox, scales: {x}}, time) {
  return bbox.left + (time - x.min) / (x.max - x.min) * bbox.width;
}

// Bars over `from` to `to` of the height, 0 at the top, each `least` pixels wide or more; those outside the shown time are
// left out. Single rectangles: a path of thousands takes a browser ten times as long to fill
function bars(chart, stretches, look, from = 0, to = 1, least = 0) {
  const {ctx, bbox, scales: {x}} = chart, top = bbox.top + from * bbox.height, height = (to - from) * bbox.height;
  const shown = stretches.filter(({start, stop}) => stop >= x.min && start <= x.max);
  for (const style of look.hatch && shown.length ? [look.fill, hatched(ctx, look)] : [look.fill]) {
    ctx.fillStyle = style;
    for (const {start, stop} of shown) {
      const left = across(chart, Math.max(start, x.min)), right = across(chart, Math.min(stop, x.max));
      ctx.fillRect(left, top, Math.max(right - left, least), height);
    }
  }
}

function band(chart, low, high, colour) {
  const {ctx, bbox} = chart, top = chart.valToPos(high, "y", true);
  ctx.globalAlpha = 0.33;
  ctx.fillStyle = colour;
  ctx.fillRect(bbox.left, top, bbox.width, chart.valToPos(low, "y", true) - top);
  ctx.globalAlpha = 1;
}

function line(chart, value, colour, dash = []) {
  const {ctx, bbox} = chart, y = chart.valToPos(value, "y", true);
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
}

function clipped(chart, draw) {
  const {ctx, bbox} = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(chart);
  ctx.restore();
}

// Left out where they are wider than `most`
function say({ctx}, words, x, y, align, most = Infinity) {
  ctx.font = FONT.replace(11, 11 * devicePixelRatio);
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillStyle = INK;
  if (ctx.measureText(words).width < most) ctx.fillText(words, x, y);
}

// Words in the upper right corner, on paper
function note(chart, words) {
  const {ctx, bbox} = chart, right = bbox.left + bbox.width, line = 8 * devicePixelRatio;
  ctx.fillStyle = PAPER;
  ctx.fillRect(right, bbox.top, -0.8 * line * words.length, 2 * line);
  say(chart, words, right - 3, bbox.top + line, "right");
}

// What the columns of each pixel say together: least and largest sample, RMS; NaN where there is none
function eachPixel(chart, {column_s, low, high, rms}, tell) {
  const {x} = chart.scales, place = (i) => Math.floor(across(chart, i * column_s));
  const end = Math.min(Math.ceil(x.max / column_s), low.length - 1);
  for (let i = Math.max(0, Math.floor(x.min / column_s) - 1); i <= end;) {
    const pixel = place(i);
    let next = pixel, least = NaN, most = NaN, power = 0, seen = 0;
    while (next === pixel) {
      if (!Number.isNaN(rms[i])) {
        least = least <= low[i] ? least : low[i];
        most = most >= high[i] ? most : high[i];
        power += rms[i] ** 2;
        seen += 1;
      }
      i += 1;
      next = i > end ? Infinity : place(i);
    }
    tell(pixel, Math.max(pixel + 1, place(i)), least, most, seen ? Math.sqrt(power / seen) : NaN);
  }
}

// Bars between the two numbers that `ends` picks
function columns(chart, muscle, colour, ends) {
  const {ctx} = chart;
  ctx.fillStyle = colour;
  eachPixel(chart, muscle, (left, right, ...told) => {
    const [low, high] = ends(...told), top = chart.valToPos(high, "y", true);
    if (low <= high) ctx.fillRect(left, top, right - left, Math.max(1, chart.valToPos(low, "y", true) - top));
  });
}

function levels(chart, muscle, {under_level, level}) {
  const {ctx, bbox} = chart, stroke = new Path2D(), foot = bbox.top + bbox.height;
  let joined = false;
  ctx.fillStyle = under_level;
  eachPixel(chart, muscle, (left, right, _low, _high, rms) => {
    if (rms > 0) {
      const y = chart.valToPos(rms, "y", true);
      stroke[joined ? "lineTo" : "moveTo"](left, y);
      stroke.lineTo(right, y);
      ctx.fillRect(left, y, right - left, foot - y);
    }
    joined = rms > 0;
  });
  ctx.strokeStyle = level;
  ctx.lineWidth = devicePixelRatio;
  ctx.stroke(stroke);
}
