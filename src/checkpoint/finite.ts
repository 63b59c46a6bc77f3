// Element types that weights come in, and the search for what no weight may be: NaN and infinities, told by their bits,
// because shaders lose them.

/** Bytes of an element of each type that weights may have. */
export const FILE_BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

/** Index of the first element whose bits are those of NaN or an infinity; −1 if there is none. */
export function firstNotFinite(bytes: Uint8Array, dtype: string, count: number): number {
  if (dtype === "F64")
    return new Float64Array(bytes.buffer, 0, count).findIndex((value) => !Number.isFinite(Math.fround(value)));
  const wide = dtype === "F32";
  const bits = wide ? new Uint32Array(bytes.buffer, 0, count) : new Uint16Array(bytes.buffer, 0, count);
  const exponent = wide ? 0x7f800000 : dtype === "F16" ? 0x7c00 : 0x7f80;
  for (let i = 0; i < count; i++) if ((bits[i]! & exponent) === exponent) return i;
  return -1;
}
