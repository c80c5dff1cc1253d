// Preloaded into jsfuzz, which has no seed option and draws from Math.random: makes its runs repeatable.
// Generator: mulberry32 by Tommy Ettinger (public domain), written out.
let state = Number(process.env.MMRACE_RANDOM_SEED ?? "1") | 0;
Math.random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
};
