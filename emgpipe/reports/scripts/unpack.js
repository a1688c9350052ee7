// What a page holds of a recording, unpacked: the twin of unpack_samples and unpack_levels in viewer.py.

function bytesOf(text) {
  const chars = atob(text), bytes = new Uint8Array(chars.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = chars.charCodeAt(i);
  return bytes;
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
  return {
    ...told,
    low: unpackSamples(told.samples.low, told.samples),
    high: unpackSamples(told.samples.high, told.samples),
    rms: unpackLevels(told.levels),
    states: unpackStretches(told.states, 1),
    spasms: unpackStretches(told.spasms, 1),
  };
}
