// The interactive view of a recording: traces, levels and states over one time axis.
// Reads the JSON beside it. Should anything fail, the still picture stays where it is.

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
    this.slots = [];
    this.lay();
    this.listen();
    this.draw(this.slots[0]);
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
    this.chart(this.row("Segments"), HEAD, {axis: 0, draw: (chart) => this.drawHead(chart)});
    if (this.relaxed.length || this.told.stimuli.length) {
      this.chart(this.row("cues, stimuli"), CUES, {draw: (chart) => this.drawCues(chart)});
    }
    for (const muscle of this.muscles) this.layMuscle(muscle);
    for (const pair of this.pairs) {
      this.chart(this.row(pair.name), STRIP, {draw: (chart) => this.drawPair(chart, pair)});
    }
    this.chart(this.row(this.long ? "time, min:s" : "time, s"), FOOT, {axis: 2});
    this.fit();
  }

  tools() {
    const toggles = element("fieldset", {class: "view-muscles"}, element("legend", {}, "Muscles"));
    for (const muscle of this.muscles) {
      const box = element("input", {type: "checkbox"});
      box.checked = true;
      box.addEventListener("change", () => {
        muscle.row.hidden = !box.checked;
        this.fit();
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
      y: {range: () => [-muscle.reach, muscle.reach]},
      ticks: () => [-roundDown(0.7 * muscle.reach), 0, roundDown(0.7 * muscle.reach)],
      shaded: true, draw: (chart) => this.drawTrace(chart, muscle),
    });
    muscle.row.append(element("span", {class: "soft view-unit view-level"}, "RMS, µV"));
    this.chart(muscle.row, LEVEL, {
      y: {distr: 3, range: () => muscle.limits_uv},
      ticks: () => muscle.ticks_uv, grid: true,
      shaded: true, draw: (chart) => this.drawLevel(chart, muscle),
    });
    this.chart(muscle.row, RIBBON, {draw: (chart) => this.drawRibbon(chart, muscle)});
  }

  // A place for a chart, which is made when it comes near the window
  chart(row, height, spec) {
    const place = element("div", {class: "view-chart"});
    place.style.height = `${height}px`;
    row.append(place);
    this.slots.push({place, height, spec, chart: null, near: false, range: null, width: 0});
  }

  draw(slot) {
    const width = this.plotWidth(), [min, max] = this.range;
    if (slot.range === this.range && slot.width === width) return;
    slot.chart ||= this.make(slot);
    if (slot.width && slot.width !== width) slot.chart.setSize({width, height: slot.height});
    if (slot.range !== this.range) slot.chart.setScale("x", {min, max});
    Object.assign(slot, {range: this.range, width});
  }

  drawNear() {
    for (const slot of this.slots) if (slot.near || slot === this.slots[0]) this.draw(slot);
  }

  make({place, height, spec: {y, ticks, grid, shaded, axis, draw}}) {
    const look = {stroke: INK, font: FONT, grid: {show: false}, ticks: {stroke: this.looks.grid, size: 4}};
    return new uPlot({
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
      series: [{}, {points: {show: false}}],
      hooks: {
        drawAxes: [(chart) => shaded && clipped(chart, () => bars(chart, this.shaded, {fill: SHADE}))],
        draw: [(chart) => draw && clipped(chart, draw)],
        setSelect: [(chart) => this.select(chart)],
      },
    }, [[0, this.span], [null, null]], place);
  }

  plotWidth() {
    return Math.max(120, this.width);
  }

  // -- drawing

  drawHead(chart) {
    const {ctx, bbox, scales: {x}} = chart;
    for (const {name, start, stop} of this.segments) {
      const left = across(chart, Math.max(start, x.min)), right = across(chart, Math.min(stop, x.max));
      if (right <= left) continue;
      ctx.fillStyle = SEGMENT;
      ctx.fillRect(left + 1, bbox.top, right - left - 2, bbox.height - 1);
      say(chart, name, (left + right) / 2, bbox.top + bbox.height / 2, "center", right - left - 6);
    }
  }

  // A stretch that other marks have cut to nothing is seen, too
  drawCues(chart) {
    const {ctx, bbox} = chart;
    bars(chart, this.relaxed, {fill: this.looks.relaxed}, 0.1, 0.9, 2 * devicePixelRatio);
    ctx.fillStyle = this.looks.stimulus;
    for (const onset of this.told.stimuli) {
      ctx.fillRect(Math.round(across(chart, onset / 1000)), bbox.top, devicePixelRatio, bbox.height);
    }
  }

  drawFloor(chart, [low, best, high], sign) {
    band(chart, sign * low, sign * high, this.looks.floor);
    line(chart, sign * best, this.looks.floor);
  }

  drawTrace(chart, muscle) {
    columns(chart, muscle, this.looks.trace, (low, high) => [low, high]);
    columns(chart, muscle, this.looks.rms, (_low, _high, rms) => [-rms, rms]);
    if (muscle.floor) for (const sign of [-1, 1]) this.drawFloor(chart, muscle.floor, sign);
    if (muscle.peak_uv > muscle.reach && this.whole()) note(chart, `peaks cut; largest ${muscle.peak_uv.toFixed(0)} µV`);
  }

  drawLevel(chart, muscle) {
    levels(chart, muscle, this.looks);
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
    this.drawNear();
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
    const near = new IntersectionObserver((seen) => this.come(seen), {rootMargin: "25%"});
    for (const slot of this.slots) near.observe(slot.place);
  }

  come(seen) {
    const places = new Map(seen.map(({target, isIntersecting}) => [target, isIntersecting]));
    for (const slot of this.slots) slot.near = places.get(slot.place) ?? slot.near;
    try {
      this.drawNear();
    } catch (problem) {
      giveUp(this.host, problem);
    }
  }

  area() {
    return this.slots[0].chart.over.getBoundingClientRect();
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
    const wide = this.slots[0].place.clientWidth;
    if (wide === this.width || !wide) return;
    this.fit();
    this.drawNear();
    this.read();
  }

  // The readout is as tall as the longest it may have to say, within a share of the window: charts that moved would run
  // away from the pointer
  fit() {
    this.width = this.slots[0].place.clientWidth;
    this.readout.style.height = "auto";
    this.tell(this.range[0], (muscle) => this.longest(muscle), ({kinds}) => longestOf(["not both active", ...kinds.map(([, words]) => words)]));
    this.readout.style.height = `${this.readout.offsetHeight}px`;
  }

  longest({states, spasms}) {
    const most = (found) => longestOf(found.map(({what}) => this.told.what[what][1]));
    return ["100.0 µV", most(states), most(spasms)].filter((words) => words).join(", ");
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
    this.tell(time, (muscle) => this.wordsOf(muscle, time), ({kinds}) => (
      (kinds.findLast(([found]) => stretchAt(found, time)) || [, "not both active"])[1]));
  }

  tell(time, ofMuscle, ofPair) {
    const one = (name, words) => element("span", {}, element("b", {}, name), ` ${words}`);
    this.readout.replaceChildren(
      element("strong", {}, `${clock(time, this.long, 2)} ${this.long ? "min:s" : "s"}`),
      ...this.muscles.filter(({row}) => !row.hidden).map((muscle) => one(muscle.name, ofMuscle(muscle))),
      ...this.pairs.map((pair) => one(pair.name, ofPair(pair))));
  }

  wordsOf(muscle, time) {
    const i = Math.min(Math.floor(time / muscle.column_s), muscle.rms.length - 1);
    const words = [stretchAt(muscle.states, time), stretchAt(muscle.spasms, time)]
      .filter((found) => found).map(({what}) => this.told.what[what][1]);
    return [uv(muscle.rms[i]), ...words].join(", ");
  }
}

function giveUp(host, problem) {
  host.closest("figure").classList.remove("live");
  host.replaceChildren();
  console.error("No interactive view:", problem);
}

for (const data of document.querySelectorAll('script[type="application/json"][data-view]')) {
  const figure = data.closest("figure"), host = figure.querySelector(".view");
  try {
    figure.classList.add("live");
    new View(host, JSON.parse(data.textContent));
  } catch (problem) {
    giveUp(host, problem);
  }
}
