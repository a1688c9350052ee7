// The interactive view of a recording: traces, levels and states over one time axis.
// Reads the JSON beside it, draws with uPlot, writes text only as text. Should anything fail,
// the still picture stays where it is.
(() => {
"use strict";

const HEAD = 46, TRACE = 74, LEVEL = 60, RIBBON = 20, STRIP = 18, FOOT = 40;
const AXIS = 46, RIGHT = 18;
const FONT = "11px system-ui, sans-serif";
const INK = "#4f5965", SHADE = "#f3f1ea", PAPER = "#ffffff", SEGMENT = "#e9e5d8";
const LONG_STEPS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];

// ---- unpacking: the twin of unpack_samples and unpack_levels in viewer.py

function bytesOf(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function unpackSamples(text, {unit_uv, step}) {
  const codes = new Int8Array(bytesOf(text).buffer);
  return Float64Array.from(codes, (code) => (code === -128 ? NaN : unit_uv * Math.sinh(step * code)));
}

function unpackLevels({codes, least_uv, step}) {
  const bytes = new DataView(bytesOf(codes).buffer);
  const level = (code) => (code === 0 ? NaN : code === 1 ? 0 : least_uv * Math.exp(step * (code - 2)));
  return Float64Array.from({length: bytes.byteLength / 2}, (_, i) => level(bytes.getUint16(2 * i, true)));
}

// Stretches come end to end, in ms: after the one before, long, and `more` numbers
function unpackStretches(flat, more) {
  const found = [];
  let last = 0;
  for (let i = 0; i < flat.length; i += 2 + more) {
    const start = last + flat[i];
    last = start + flat[i + 1];
    found.push({start: start / 1000, stop: last / 1000, what: more ? flat[i + 2] : 0});
  }
  return found;
}

function stretchAt(stretches, time) {
  return stretches.find(({start, stop}) => start <= time && time < stop);
}

function unpackMuscle(told) {
  const low = unpackSamples(told.samples.low, told.samples);
  return {
    ...told, low,
    high: unpackSamples(told.samples.high, told.samples),
    rms: unpackLevels(told.levels),
    time: Float64Array.from(low, (_, i) => (i + 0.5) * told.column_s),
    states: unpackStretches(told.states, 1),
    spasms: unpackStretches(told.spasms, 1),
  };
}

// ---- words

function uv(value) {
  if (!Number.isFinite(value)) return "no sample";
  return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} µV`;
}

function clock(time, long, places) {
  if (!long) return time.toFixed(places);
  const unit = 10 ** places, whole = Math.round(time * unit), minutes = Math.floor(whole / 60 / unit);
  return `${minutes}:${(whole / unit - 60 * minutes).toFixed(places).padStart(places ? places + 3 : 2, "0")}`;
}

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

// ---- page

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

// ---- drawing on a chart

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

// Bars over `from` to `to` of the height, 0 at the top; those outside the shown time are left out
function bars(chart, stretches, look, from = 0, to = 1) {
  const {ctx, bbox, scales: {x}} = chart;
  const shown = stretches.filter(({start, stop}) => stop > x.min && start < x.max);
  const path = new Path2D();
  for (const {start, stop} of shown) {
    const left = across(chart, Math.max(start, x.min)), right = across(chart, Math.min(stop, x.max));
    path.rect(left, bbox.top + from * bbox.height, right - left, (to - from) * bbox.height);
  }
  ctx.fillStyle = look.fill;
  ctx.fill(path);
  if (look.hatch && shown.length) {
    ctx.fillStyle = hatched(ctx, look);
    ctx.fill(path);
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
function eachPixel(chart, {column_s, low, high, rms}, first, last, tell) {
  const place = (i) => Math.floor(across(chart, i * column_s));
  const end = Math.min(last + 1, low.length - 1);
  for (let i = Math.max(0, first - 1); i <= end;) {
    const pixel = place(i);
    let least = NaN, most = NaN, power = 0, seen = 0;
    do {
      if (!Number.isNaN(rms[i])) {
        least = least <= low[i] ? least : low[i];
        most = most >= high[i] ? most : high[i];
        power += rms[i] ** 2;
        seen += 1;
      }
      i += 1;
    } while (i <= end && place(i) === pixel);
    tell(pixel, Math.max(pixel + 1, place(i)), least, most, seen ? Math.sqrt(power / seen) : NaN);
  }
}

const drawn = (fill, stroke = null) => ({fill, stroke, flags: 0});

// Bars between the two numbers that `ends` picks
const barPath = (muscle, ends) => (chart, _series, first, last) => {
  const fill = new Path2D();
  eachPixel(chart, muscle, first, last, (left, right, ...told) => {
    const [low, high] = ends(...told), top = chart.valToPos(high, "y", true);
    if (low <= high) fill.rect(left, top, right - left, Math.max(1, chart.valToPos(low, "y", true) - top));
  });
  return drawn(fill);
};

const levelPath = (muscle) => (chart, _series, first, last) => {
  const fill = new Path2D(), stroke = new Path2D();
  let joined = false;
  eachPixel(chart, muscle, first, last, (left, right, _low, _high, rms) => {
    if (rms > 0) {
      const y = chart.valToPos(rms, "y", true);
      stroke[joined ? "lineTo" : "moveTo"](left, y);
      stroke.lineTo(right, y);
      fill.rect(left, y, right - left, chart.bbox.top + chart.bbox.height - y);
    }
    joined = rms > 0;
  });
  return drawn(fill, stroke);
};

// ---- one recording

class View {
  constructor(host, told) {
    this.host = host;
    this.told = told;
    this.looks = told.looks;
    this.span = Math.max(told.span_s, 0.001);
    this.long = this.span >= 300;
    this.muscles = told.muscles.map(unpackMuscle);
    this.pairs = told.pairs.map((pair) => ({
      name: pair.name, kinds: pair.kinds.map(([kind, words, data]) => [unpackStretches(data, 0), words, kind]),
    }));
    this.segments = told.segments.map(([name, from, to, whole]) => ({name, whole, start: from / 1000, stop: to / 1000}));
    this.shaded = this.segments.filter(({whole}) => !whole);
    this.relaxed = unpackStretches(told.relaxed, 0);
    this.column = Math.max(...this.muscles.map((muscle) => muscle.column_s));
    // fewer columns than eight say nothing
    this.least = Math.min(this.span, 8 * this.column);
    this.range = [0, this.span];
    this.time = null;
    this.charts = [];
    this.lay();
    this.listen();
    this.show(0, this.span);
  }

  // -- what the page gets

  lay() {
    this.shown = element("p", {class: "soft view-range"});
    this.readout = element("p", {class: "view-readout", "aria-live": "polite"});
    this.cursor = element("div", {class: "view-cursor", hidden: ""});
    this.stack = element("div", {
      class: "view-charts", tabindex: "0", role: "group",
      "aria-label": "Traces over time. Plus and minus zoom, arrows move, with shift the cursor, 0 shows all.",
    }, this.cursor);
    this.host.append(this.tools(), this.readout, this.stack, this.shown);
    this.width = this.stack.clientWidth;
    this.chart(this.row("Segments"), HEAD, {axis: 0, draw: (chart) => this.drawHead(chart)});
    for (const muscle of this.muscles) this.layMuscle(muscle);
    for (const pair of this.pairs) {
      this.chart(this.row(pair.name), STRIP, {draw: (chart) => this.drawPair(chart, pair)});
    }
    this.chart(this.row(this.long ? "time, min:s" : "time, s"), FOOT, {axis: 2});
  }

  tools() {
    const toggles = element("fieldset", {class: "view-muscles"}, element("legend", {}, "Muscles"));
    for (const muscle of this.muscles) {
      const box = element("input", {type: "checkbox"});
      box.checked = true;
      box.addEventListener("change", () => {
        muscle.row.hidden = !box.checked;
        this.read();
      });
      toggles.append(element("label", {}, box, " ", muscle.name));
    }
    const buttons = element("div", {class: "view-buttons", role: "group", "aria-label": "Time shown"},
      button("Zoom in", () => this.zoom(0.5)), button("Zoom out", () => this.zoom(2)),
      button("Earlier", () => this.pan(-0.5)), button("Later", () => this.pan(0.5)),
      button("Whole recording", () => this.show(0, this.span)));
    const help = element("p", {class: "soft view-help"},
      "Drag to zoom, shift and drag to move, double click for all. After a click the wheel zooms; keys + − ← → 0.");
    return element("div", {class: "view-tools"}, buttons, toggles, help);
  }

  row(words, kind = "") {
    const row = element("div", {class: `view-row ${kind}`}, element("span", {class: "view-name"}, words));
    this.stack.append(row);
    return row;
  }

  layMuscle(muscle) {
    muscle.row = this.row(muscle.name, "view-muscle");
    muscle.row.append(element("span", {class: "soft view-unit"}, "EMG, µV"));
    this.chart(muscle.row, TRACE, {
      data: [muscle.time, muscle.high, muscle.rms],
      y: {range: () => [-muscle.reach, muscle.reach]},
      ticks: () => [-roundDown(0.7 * muscle.reach), 0, roundDown(0.7 * muscle.reach)],
      series: [{paths: barPath(muscle, (low, high) => [low, high]), fill: this.looks.trace},
        {paths: barPath(muscle, (_low, _high, rms) => [-rms, rms]), fill: this.looks.rms}],
      draw: (chart) => this.drawTrace(chart, muscle),
    });
    muscle.row.append(element("span", {class: "soft view-unit view-level"}, "RMS, µV"));
    this.chart(muscle.row, LEVEL, {
      data: [muscle.time, muscle.rms],
      y: {distr: 3, range: () => muscle.limits_uv},
      ticks: () => muscle.ticks_uv, grid: true,
      series: [{paths: levelPath(muscle), fill: this.looks.under_level, stroke: this.looks.level, width: 1}],
      draw: (chart) => this.drawBracket(chart, muscle),
    });
    this.chart(muscle.row, RIBBON, {draw: (chart) => this.drawRibbon(chart, muscle)});
  }

  chart(row, height, {data, y, ticks, grid, series, axis, draw}) {
    const place = element("div", {class: "view-chart"});
    row.append(place);
    const look = {stroke: INK, font: FONT, grid: {show: false}, ticks: {stroke: this.looks.grid, size: 4}};
    const made = new uPlot({
      width: this.plotWidth(), height,
      padding: [2, RIGHT, 2, 0],
      legend: {show: false},
      cursor: {
        x: false, y: false, points: {show: false},
        drag: {x: true, y: false, setScale: false, dist: 3},
        bind: {
          mousedown: (_chart, _target, handler) => (event) => (event.shiftKey ? this.drag(event) : handler(event)),
          dblclick: () => () => this.show(0, this.span),
        },
      },
      scales: {x: {time: false}, y: y || {range: () => [0, 1]}},
      axes: [
        axis === undefined ? {show: false} : {...look, side: axis, size: axis ? 30 : 24, gap: 3,
          incrs: this.long ? LONG_STEPS : undefined,
          values: (_chart, splits, _axis, _space, step) => splits.map((time) => clock(time, this.long, placesFor(step)))},
        {...look, size: AXIS, gap: 3, splits: ticks || (() => []), filter: (_chart, splits) => splits,
          values: (_chart, splits) => splits.map((tick) => `${+tick.toPrecision(6)}`.replace("-", "−")),
          grid: {show: !!grid, stroke: this.looks.grid, width: 1}},
      ],
      series: [{}, ...(series || [{}]).map((one) => ({points: {show: false}, ...one}))],
      hooks: {
        drawAxes: [(chart) => series && clipped(chart, () => bars(chart, this.shaded, {fill: SHADE}))],
        draw: [(chart) => draw && clipped(chart, draw)],
        setSelect: [(chart) => this.select(chart)],
      },
    }, data || [[0, this.span], [null, null]], place);
    made.tall = height;
    this.charts.push(made);
  }

  plotWidth() {
    return Math.max(120, this.width - this.stack.querySelector(".view-name").offsetWidth);
  }

  // -- drawing

  drawHead(chart) {
    const {ctx, bbox, scales: {x}} = chart, {stimuli} = this.told;
    const share = this.relaxed.length || stimuli.length ? 0.6 : 1, height = share * bbox.height;
    for (const {name, start, stop} of this.segments) {
      const left = across(chart, Math.max(start, x.min)), right = across(chart, Math.min(stop, x.max));
      if (right <= left) continue;
      ctx.fillStyle = SEGMENT;
      ctx.fillRect(left + 1, bbox.top, right - left - 2, height - 1);
      say(chart, name, (left + right) / 2, bbox.top + height / 2, "center", right - left - 6);
    }
    bars(chart, this.relaxed, {fill: this.looks.relaxed}, share + 0.05);
    ctx.fillStyle = this.looks.stimulus;
    for (const onset of stimuli) {
      ctx.fillRect(Math.round(across(chart, onset / 1000)), bbox.top + height, devicePixelRatio, bbox.height - height);
    }
  }

  drawFloor(chart, [low, best, high], sign) {
    band(chart, sign * low, sign * high, this.looks.floor);
    line(chart, sign * best, this.looks.floor);
  }

  drawTrace(chart, muscle) {
    if (muscle.floor) for (const sign of [-1, 1]) this.drawFloor(chart, muscle.floor, sign);
    if (muscle.peak_uv > muscle.reach && this.whole()) note(chart, `peaks cut; largest ${muscle.peak_uv.toFixed(0)} µV`);
  }

  drawBracket(chart, muscle) {
    if (!muscle.floor) return note(chart, "no noise floor can be told");
    this.drawFloor(chart, muscle.floor, 1);
    return line(chart, muscle.threshold_uv, this.looks.floor, [4, 3]);
  }

  drawRibbon(chart, muscle) {
    for (const kinds of [muscle.states, muscle.spasms]) {
      const over = kinds === muscle.spasms;
      for (const kind of new Set(kinds.map(({what}) => this.told.what[what][0]))) {
        const found = kinds.filter(({what}) => this.told.what[what][0] === kind);
        bars(chart, found, this.looks.kinds[kind], 0, over ? 0.42 : 1);
        if (over) bars(chart, found, {fill: PAPER}, 0.42, 0.5);
      }
    }
  }

  drawPair(chart, pair) {
    for (const [found, , kind] of pair.kinds) bars(chart, found, this.looks.kinds[kind]);
    chart.ctx.strokeStyle = this.looks.grid;
    chart.ctx.strokeRect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
  }

  // -- moving

  show(from, to) {
    const width = Math.min(this.span, Math.max(to - from, this.least));
    const middle = (from + to) / 2;
    const start = Math.min(Math.max(middle - width / 2, 0), this.span - width);
    this.range = [start, start + width];
    for (const muscle of this.muscles) muscle.reach = this.whole() ? muscle.reach_uv : reachOf(muscle, this.range);
    for (const chart of this.charts) chart.setScale("x", {min: start, max: start + width});
    this.host.dataset.from = start.toFixed(3);
    this.host.dataset.to = (start + width).toFixed(3);
    const places = placesFor(width / 100);
    const ends = this.range.map((time) => clock(time, this.long, places));
    const length = this.column < 1 ? `${(1000 * this.column).toPrecision(3)} ms` : `${this.column.toPrecision(3)} s`;
    this.shown.textContent = `Shown: ${ends[0]} to ${ends[1]} ${this.long ? "min:s" : "s"} of ` +
      `${clock(this.span, this.long, this.long ? 0 : 1)}. One column is ${length}. The height of EMG fits what is shown.`;
    this.read();
  }

  whole() {
    return this.range[1] - this.range[0] >= this.span;
  }

  zoom(factor, centre = this.focus()) {
    const [from, to] = this.range;
    const width = Math.min(this.span, Math.max((to - from) * factor, this.least));
    const start = centre - (centre - from) / (to - from) * width;
    this.show(start, start + width);
  }

  pan(share) {
    const [from, to] = this.range, step = share * (to - from);
    this.show(from + step, to + step);
  }

  // The cursor where it is in view, else the middle
  focus() {
    const [from, to] = this.range;
    return this.time !== null && this.time >= from && this.time <= to ? this.time : (from + to) / 2;
  }

  select(chart) {
    const {left, width} = chart.select;
    if (width < 3) return;
    const from = chart.posToVal(left, "x"), to = chart.posToVal(left + width, "x");
    chart.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    this.show(from, to);
  }

  drag(event) {
    const [from, to] = this.range, x = event.clientX, width = this.area().width;
    const move = (now) => {
      const step = (x - now.clientX) / width * (to - from);
      this.show(from + step, to + step);
    };
    addEventListener("mousemove", move);
    addEventListener("mouseup", () => removeEventListener("mousemove", move), {once: true});
  }

  // -- listening

  listen() {
    const on = (kind, act) => this.stack.addEventListener(kind, act, {passive: false});
    on("mousemove", (event) => this.point(event));
    on("mouseleave", () => this.read(null));
    on("mousedown", () => this.stack.focus({preventScroll: true}));
    on("wheel", (event) => this.wheel(event));
    on("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.stack);
  }

  area() {
    return this.charts[0].over.getBoundingClientRect();
  }

  point(event) {
    const {left, width} = this.area(), [from, to] = this.range, share = (event.clientX - left) / width;
    this.read(share >= 0 && share <= 1 ? from + share * (to - from) : null);
  }

  // A page that is scrolled past must not be caught: the wheel is ours once the traces have the focus, or with ctrl
  wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.stack) return;
    event.preventDefault();
    this.point(event);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(Math.sign(event.deltaX) * 0.1);
    else this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
  }

  key(event) {
    const [from, to] = this.range, step = (to - from) / 50;
    const move = (way) => {
      if (event.shiftKey) this.time = Math.min(Math.max(this.focus() + way * step, from), to);
      else this.pan(0.2 * way);
    };
    const acts = {
      ArrowLeft: () => move(-1), ArrowRight: () => move(1), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5),
      "-": () => this.zoom(2), 0: () => this.show(0, this.span),
    };
    if (!acts[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    acts[event.key]();
    this.read(this.focus());
  }

  resize() {
    if (this.stack.clientWidth === this.width || !this.stack.clientWidth) return;
    this.width = this.stack.clientWidth;
    for (const chart of this.charts) chart.setSize({width: this.plotWidth(), height: chart.tall});
    this.read();
  }

  // -- reading

  read(time = this.time) {
    this.time = time;
    const [from, to] = this.range, seen = time !== null && time >= from && time <= to;
    this.cursor.hidden = !seen;
    if (!seen) {
      this.readout.textContent = "Point at the traces to read time, RMS and state.";
      return;
    }
    const {left, width} = this.area();
    this.cursor.style.left = `${left - this.stack.getBoundingClientRect().left + (time - from) / (to - from) * width}px`;
    const said = [element("strong", {}, `${clock(time, this.long, 2)} ${this.long ? "min:s" : "s"}`)];
    for (const muscle of this.muscles) {
      if (!muscle.row.hidden) said.push(element("span", {}, element("b", {}, muscle.name), ` ${this.wordsOf(muscle, time)}`));
    }
    for (const {name, kinds} of this.pairs) {
      const [, words] = kinds.findLast(([found]) => stretchAt(found, time)) || [, "not both active"];
      said.push(element("span", {}, element("b", {}, name), ` ${words}`));
    }
    this.readout.replaceChildren(...said);
  }

  wordsOf(muscle, time) {
    const i = Math.min(Math.floor(time / muscle.column_s), muscle.rms.length - 1);
    const words = [stretchAt(muscle.states, time), stretchAt(muscle.spasms, time)]
      .filter((found) => found).map(({what}) => this.told.what[what][1]);
    return [uv(muscle.rms[i]), ...words].join(", ");
  }
}

for (const data of document.querySelectorAll('script[type="application/json"][data-view]')) {
  const figure = data.closest("figure"), host = figure.querySelector(".view");
  try {
    figure.classList.add("live");
    new View(host, JSON.parse(data.textContent));
  } catch (problem) {
    figure.classList.remove("live");
    host.replaceChildren();
    console.error("No interactive view:", problem);
  }
}
})();
