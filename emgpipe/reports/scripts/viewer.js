// The interactive view of a recording: traces, levels and states over one time axis.
// Reads the JSON beside it, draws with uPlot, writes text only as text. Should anything fail,
// the still picture stays where it is.
(() => {
"use strict";

const HEIGHTS = {head: 46, trace: 74, level: 60, ribbon: 20, strip: 18, foot: 40};
const AXIS = 46, RIGHT = 10;
const LEAST_COLUMNS = 8;
const FONT = '11px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';
const INK = "#4f5965", SHADE = "#f3f1ea", PAPER = "#ffffff", SEGMENT = "#e9e5d8";
const FOOT_STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

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
  let low = 0, high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle].stop > time) high = middle;
    else low = middle + 1;
  }
  const found = stretches[low];
  return found && found.start <= time ? found : null;
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
  const size = Math.abs(value);
  return `${value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)} µV`;
}

function clock(time, long, places) {
  if (!long) return time.toFixed(places);
  const unit = 10 ** places, whole = Math.round(time * unit);
  const minutes = Math.floor(whole / (60 * unit)), seconds = (whole - minutes * 60 * unit) / unit;
  return `${minutes}:${seconds.toFixed(places).padStart(places ? places + 3 : 2, "0")}`;
}

// Fewest decimals that tell neighbouring values of this distance apart
function placesFor(step) {
  return Math.min(3, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
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
  brush.lineWidth = Math.max(1, 0.9 * devicePixelRatio);
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

// Bars over `from` to `to` of the height, 0 at the top; those outside the shown time are left out
function bars(chart, stretches, look, from = 0, to = 1) {
  const {ctx, bbox, scales: {x}} = chart;
  const shown = stretches.filter(({start, stop}) => stop > x.min && start < x.max);
  const place = (time) => bbox.left + (Math.min(Math.max(time, x.min), x.max) - x.min) / (x.max - x.min) * bbox.width;
  const path = new Path2D();
  for (const {start, stop} of shown) {
    path.rect(place(start), bbox.top + from * bbox.height, place(stop) - place(start), (to - from) * bbox.height);
  }
  ctx.fillStyle = look.fill;
  ctx.fill(path);
  if (look.hatch && shown.length) {
    ctx.fillStyle = hatched(ctx, look);
    ctx.fill(path);
  }
}

function band(chart, low, high, colour, alpha) {
  const {ctx, bbox} = chart, top = chart.valToPos(high, "y", true), bottom = chart.valToPos(low, "y", true);
  ctx.globalAlpha = alpha;
  ctx.fillStyle = colour;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  ctx.globalAlpha = 1;
}

function line(chart, value, colour, dash) {
  const {ctx, bbox} = chart, y = chart.valToPos(value, "y", true);
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash ? dash.map((length) => length * devicePixelRatio) : []);
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

function say(chart, words, x, y, align) {
  const {ctx} = chart;
  ctx.font = FONT.replace("11px", `${11 * devicePixelRatio}px`);
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  const width = ctx.measureText(words).width, left = align === "right" ? x - width : x - width / 2;
  ctx.globalAlpha = 0.85;
  ctx.fillStyle = PAPER;
  if (align === "right") ctx.fillRect(left - 3, y - 8 * devicePixelRatio, width + 6, 16 * devicePixelRatio);
  ctx.globalAlpha = 1;
  ctx.fillStyle = INK;
  ctx.fillText(words, x, y);
  return width;
}

// A bar a pixel from the least to the largest sample; wider ones where a column is wider than a pixel
function tracePath(muscle) {
  return (chart, _series, first, last) => {
    const fill = new Path2D(), {bbox, scales: {x}} = chart;
    const place = (i) => bbox.left + (i * muscle.column_s - x.min) / (x.max - x.min) * bbox.width;
    let at = null, low = Infinity, high = -Infinity;
    const flush = (next) => {
      if (low <= high) {
        const top = chart.valToPos(high, "y", true), bottom = chart.valToPos(low, "y", true);
        fill.rect(at, top, Math.max(1, next - at), Math.max(1, bottom - top));
      }
      low = Infinity;
      high = -Infinity;
    };
    for (let i = Math.max(0, first - 1); i <= Math.min(last + 1, muscle.low.length - 1); i++) {
      const pixel = Math.floor(place(i));
      if (pixel !== at) {
        if (at !== null) flush(pixel);
        at = pixel;
      }
      if (Number.isNaN(muscle.low[i])) continue;
      low = Math.min(low, muscle.low[i]);
      high = Math.max(high, muscle.high[i]);
    }
    if (at !== null) flush(Math.max(at + 1, Math.floor(place(Math.min(last + 2, muscle.low.length)))));
    return {fill, stroke: null, clip: null, band: null, gaps: null, flags: 0};
  };
}

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
      name: pair.name, coactive: unpackStretches(pair.coactive, 0), untold: unpackStretches(pair.untold, 0),
    }));
    this.relaxed = unpackStretches(told.relaxed, 0);
    this.column = Math.max(...this.muscles.map((muscle) => muscle.column_s));
    this.least = Math.min(this.span, LEAST_COLUMNS * this.column);
    this.range = [0, this.span];
    this.time = null;
    this.charts = [];
    this.lay();
    this.listen();
    this.show(0, this.span);
  }

  // -- what the page gets

  lay() {
    this.range_words = element("p", {class: "soft view-range"});
    this.readout = element("p", {class: "view-readout", "aria-live": "polite"});
    this.cursor = element("div", {class: "view-cursor", hidden: ""});
    this.stack = element("div", {
      class: "view-charts", tabindex: "0", role: "group",
      "aria-label": "Traces over time. Plus and minus zoom, left and right arrow move, with shift they move the cursor, 0 shows the whole recording.",
    }, this.cursor);
    this.host.append(this.tools(), this.readout, this.stack, this.range_words);
    this.width = this.stack.clientWidth;
    this.chart(this.row("Segments"), HEIGHTS.head, {axis: 0, draw: (chart) => this.drawHead(chart)});
    for (const muscle of this.muscles) this.layMuscle(muscle);
    for (const pair of this.pairs) {
      this.chart(this.row(pair.name, "view-pair"), HEIGHTS.strip, {draw: (chart) => this.drawPair(chart, pair)});
    }
    this.chart(this.row(this.long ? "time, min:s" : "time, s", "view-foot"), HEIGHTS.foot, {axis: 2});
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
      "Drag to zoom, shift and drag to move, double click for all. Once clicked, the wheel zooms, and + − ← → 0 work.");
    return element("div", {class: "view-tools"}, buttons, toggles, help);
  }

  row(words, kind = "") {
    const row = element("div", {class: `view-row ${kind}`}, element("span", {class: "view-name"}, words));
    this.stack.append(row);
    return row;
  }

  layMuscle(muscle) {
    muscle.row = this.row(muscle.name, "view-muscle");
    muscle.row.append(element("span", {class: "soft view-unit"}, "trace, µV"));
    this.chart(muscle.row, HEIGHTS.trace, {
      data: [muscle.time, muscle.high],
      y: {range: () => [-muscle.reach_uv, muscle.reach_uv]},
      ticks: [-muscle.tick_uv, 0, muscle.tick_uv],
      series: {paths: tracePath(muscle), fill: this.looks.trace},
      behind: (chart) => this.drawSegments(chart),
      draw: (chart) => this.drawTrace(chart, muscle),
    });
    muscle.row.append(element("span", {class: "soft view-unit view-level"}, "RMS, µV"));
    this.chart(muscle.row, HEIGHTS.level, {
      data: [muscle.time, Array.from(muscle.rms, (value) => (value > 0 ? value : null))],
      y: {distr: 3, range: () => muscle.limits_uv},
      ticks: muscle.ticks_uv, grid: true,
      series: {stroke: this.looks.level, width: 1},
      behind: (chart) => this.drawBracket(chart, muscle),
    });
    this.chart(muscle.row, HEIGHTS.ribbon, {draw: (chart) => this.drawRibbon(chart, muscle)});
  }

  chart(row, height, {data, y, ticks, grid, series, axis, behind, draw}) {
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
      scales: {x: {time: false, range: (_chart, min, max) => [min, max]}, y: y || {range: () => [0, 1]}},
      axes: [
        axis === undefined ? {show: false} : {...look, side: axis, size: axis ? 30 : 24, gap: 3,
          incrs: this.long ? FOOT_STEPS : undefined,
          values: (_chart, splits, _axis, _space, step) => splits.map((time) => clock(time, this.long, placesFor(step)))},
        {...look, size: AXIS, gap: 3, splits: () => ticks || [], filter: (_chart, splits) => splits,
          values: (_chart, splits) => splits.map((tick) => `${tick}`.replace("-", "−")),
          grid: {show: Boolean(grid), stroke: this.looks.grid, width: 1}},
      ],
      series: [{}, {points: {show: false}, ...series}],
      hooks: {
        drawAxes: [(chart) => behind && clipped(chart, behind)],
        draw: [(chart) => draw && clipped(chart, draw)],
        setSelect: [(chart) => this.select(chart)],
      },
    }, data || [[0, this.span], [null, null]], place);
    made.height_px = height;
    this.charts.push(made);
  }

  plotWidth() {
    const name = this.stack.querySelector(".view-name");
    return Math.max(120, this.width - (name ? name.offsetWidth : 0));
  }

  // -- drawing

  drawHead(chart) {
    const {ctx, bbox, scales: {x}} = chart, cued = this.relaxed.length || this.told.stimuli.length;
    const place = (ms) => bbox.left + (ms / 1000 - x.min) / (x.max - x.min) * bbox.width;
    const height = cued ? 0.6 : 1;
    for (const [name, from, to] of this.told.segments) {
      const left = Math.max(place(from), bbox.left), right = Math.min(place(to), bbox.left + bbox.width);
      if (right <= left) continue;
      ctx.fillStyle = SEGMENT;
      ctx.fillRect(left + 1, bbox.top, right - left - 2, height * bbox.height - 1);
      ctx.font = FONT.replace("11px", `${11 * devicePixelRatio}px`);
      if (ctx.measureText(name).width < right - left - 6) {
        say(chart, name, (left + right) / 2, bbox.top + height * bbox.height / 2, "center");
      }
    }
    bars(chart, this.relaxed, {fill: this.looks.relaxed, hatch: ""}, height + 0.05, 1);
    ctx.fillStyle = this.looks.stimulus;
    for (const onset of this.told.stimuli) {
      ctx.fillRect(place(onset), bbox.top + height * bbox.height, Math.max(1, devicePixelRatio), (1 - height) * bbox.height);
    }
  }

  drawSegments(chart) {
    const shaded = this.told.segments.filter(([, , , whole]) => !whole);
    bars(chart, shaded.map(([, from, to]) => ({start: from / 1000, stop: to / 1000})), {fill: SHADE, hatch: ""});
  }

  drawTrace(chart, muscle) {
    if (muscle.floor) {
      const [low, best, high] = muscle.floor;
      for (const sign of [-1, 1]) {
        band(chart, Math.min(sign * low, sign * high), Math.max(sign * low, sign * high), this.looks.floor, 0.35);
        line(chart, sign * best, this.looks.floor);
      }
    }
    const {bbox} = chart;
    if (muscle.peak_uv) {
      say(chart, `peaks cut; largest ${muscle.peak_uv.toFixed(0)} µV`, bbox.left + bbox.width - 3,
        bbox.top + 8 * devicePixelRatio, "right");
    }
  }

  drawBracket(chart, muscle) {
    this.drawSegments(chart);
    const {bbox} = chart;
    if (!muscle.floor) {
      say(chart, "no noise floor can be told", bbox.left + bbox.width - 3, bbox.top + 8 * devicePixelRatio, "right");
      return;
    }
    const [low, best, high] = muscle.floor;
    band(chart, low, high, this.looks.floor, 0.3);
    line(chart, best, this.looks.floor);
    line(chart, muscle.threshold_uv, this.looks.floor, [4, 3]);
  }

  drawRibbon(chart, muscle) {
    for (const kinds of [muscle.states, muscle.spasms]) {
      const over = kinds === muscle.spasms;
      for (const kind of new Set(kinds.map(({what}) => this.told.what[what][0]))) {
        const found = kinds.filter(({what}) => this.told.what[what][0] === kind);
        bars(chart, found, this.looks.kinds[kind], 0, over ? 0.42 : 1);
        if (over) bars(chart, found, {fill: PAPER, hatch: ""}, 0.42, 0.5);
      }
    }
  }

  drawPair(chart, pair) {
    bars(chart, pair.coactive, this.looks.kinds.coactive);
    bars(chart, pair.untold, this.looks.kinds.undeterminable);
    chart.ctx.strokeStyle = this.looks.grid;
    chart.ctx.strokeRect(chart.bbox.left, chart.bbox.top, chart.bbox.width, chart.bbox.height);
  }

  // -- moving

  show(from, to) {
    const width = Math.min(this.span, Math.max(to - from, this.least));
    const middle = (from + to) / 2;
    const start = Math.min(Math.max(middle - width / 2, 0), this.span - width);
    this.range = [start, start + width];
    for (const chart of this.charts) chart.setScale("x", {min: start, max: start + width});
    this.host.dataset.from = start.toFixed(3);
    this.host.dataset.to = (start + width).toFixed(3);
    const places = placesFor(width / 100);
    const ends = this.range.map((time) => clock(time, this.long, places));
    const length = this.column < 1 ? `${(1000 * this.column).toPrecision(3)} ms` : `${this.column.toPrecision(3)} s`;
    this.range_words.textContent = `Shown: ${ends[0]} to ${ends[1]} ${this.long ? "min:s" : "s"} of ` +
      `${clock(this.span, this.long, this.long ? 0 : 1)}. One column is ${length}: its least and largest sample, and its RMS.`;
    this.read();
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
    event.preventDefault();
    this.stack.focus({preventScroll: true});
    const [from, to] = this.range, x = event.clientX, width = this.area().width;
    const move = (now) => this.show(from - (now.clientX - x) / width * (to - from), to - (now.clientX - x) / width * (to - from));
    addEventListener("mousemove", move);
    addEventListener("mouseup", () => removeEventListener("mousemove", move), {once: true});
  }

  // -- listening

  listen() {
    this.stack.addEventListener("mousemove", (event) => this.point(event));
    this.stack.addEventListener("mouseleave", () => this.read(null));
    this.stack.addEventListener("mousedown", () => this.stack.focus({preventScroll: true}));
    this.stack.addEventListener("wheel", (event) => this.wheel(event), {passive: false});
    this.stack.addEventListener("keydown", (event) => this.key(event));
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
    const along = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (along && event.shiftKey) this.read(Math.min(Math.max(this.focus() + along * step, from), to));
    else if (along) this.pan(along * 0.2);
    else if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-" || event.key === "_") this.zoom(2);
    else if (event.key === "0" || event.key === "Home") this.show(0, this.span);
    else if (event.key === "Escape") this.read(null);
    else return;
    event.preventDefault();
    if (event.key !== "Escape") this.read(this.focus());
  }

  resize() {
    if (this.stack.clientWidth === this.width || !this.stack.clientWidth) return;
    this.width = this.stack.clientWidth;
    for (const chart of this.charts) chart.setSize({width: this.plotWidth(), height: chart.height_px});
    this.read();
  }

  // -- reading

  read(time = this.time) {
    this.time = time;
    const [from, to] = this.range, seen = time !== null && time >= from && time <= to;
    this.cursor.hidden = !seen;
    if (!seen) {
      this.readout.textContent = "Point at the traces to read time, RMS and state there.";
      return;
    }
    const {left, width} = this.area();
    this.cursor.style.left = `${left - this.stack.getBoundingClientRect().left + (time - from) / (to - from) * width}px`;
    const said = [element("strong", {}, `${clock(time, this.long, 2)} ${this.long ? "min:s" : "s"}`)];
    for (const muscle of this.muscles) {
      if (!muscle.row.hidden) said.push(element("span", {}, element("b", {}, muscle.name), ` ${this.wordsOf(muscle, time)}`));
    }
    for (const {name, coactive, untold} of this.pairs) {
      const words = stretchAt(coactive, time) ? "both active" : stretchAt(untold, time) ? "cannot be told" : "not both active";
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
    console.error("The interactive view could not be drawn; the still picture stands.", problem);
  }
}
})();
