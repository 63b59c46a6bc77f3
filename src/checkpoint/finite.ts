// Element types that weights come in, and the search for what no weight may be: NaN and infinities, told by their bits,
// because shaders lose them.

/** Bytes of an element of each type that weights may have. */
export const FILE_BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

/** The largest numbers of f32 and f16. */
const [MOST_F32, MOST_F16] = [3.4028234663852886e38, 65_504];

/** Index of the first element that is NaN, infinite, or farther from 0 than `most` (told by its bits); −1 if there is none. */
export function firstNotFinite(bytes: Uint8Array, dtype: string, count: number, most: number = MOST_F32): number {
  if (dtype === "F64")
    return new Float64Array(bytes.buffer, 0, count).findIndex((value) => !(Math.abs(Math.fround(value)) <= most));
  const wide = dtype === "F32";
  const bits = wide ? new Uint32Array(bytes.buffer, 0, count) : new Uint16Array(bytes.buffer, 0, count);
  const [largest] = new Uint32Array(Float32Array.of(most).buffer);
  const limit = wide ? largest! : dtype === "F16" ? 0x7bff : Math.min(largest! >>> 16, 0x7f7f);
  const magnitude = wide ? 0x7fffffff : 0x7fff;
  for (let i = 0; i < count; i++) if ((bits[i]! & magnitude) > limit) return i;
  return -1;
}

/** The largest magnitude that weights of a packed type hold. */
export const mostOf = (packed: string): number => (packed === "f16" ? MOST_F16 : MOST_F32);
