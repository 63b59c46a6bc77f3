// Numbers for cases: the same on every run and machine.

/** A generator of numbers in [0, 1) (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` numbers between −scale and scale. */
export function randomValues(count: number, seed: number, scale = 1): Float32Array {
  const next = generator(seed);
  return Float32Array.from({ length: count }, () => (2 * next() - 1) * scale);
}

/** A whole number from `least` to `most`. */
export function randomInteger(next: () => number, least: number, most: number): number {
  return least + Math.floor(next() * (most - least + 1));
}
