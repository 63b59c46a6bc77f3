// The float types of checkpoints, decoded and encoded on the host: IEEE 754 binary32, binary16, binary64, and bfloat16.
import { assert } from "../errors.js";
import { FILE_BYTES } from "./finite.js";

/** The value of every half-precision number, by its bits (IEEE 754 binary16). */
const HALF = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
});

/** The little-endian elements of some bytes as f32; F64 is rounded. */
export function floatsOf(dtype: string, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  assert(dtype in FILE_BYTES, `${dtype} is not a float type`);
  const copy = bytes.slice().buffer; // aligned, whatever the bytes are a view of
  switch (dtype) {
    case "F32":
      return new Float32Array(copy);
    case "F64":
      return Float32Array.from(new Float64Array(copy));
    case "F16":
      return Float32Array.from(new Uint16Array(copy), (bits) => HALF[bits]!);
    default: {
      const words = Uint32Array.from(new Uint16Array(copy), (bits) => bits << 16);
      return new Float32Array(words.buffer);
    }
  }
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** The bits of the nearest half-precision number, ties to even; what is too large becomes infinite. */
export function halfBits(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude < 0x38800000) {
    // Subnormal in binary16: adding ½ leaves the 10 fraction bits, rounded by the float unit, at the end.
    word[0] = magnitude;
    float[0] = float[0] + 0.5;
    return sign | (word[0] - 0x3f000000);
  }
  const odd = (magnitude >> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

/** The value of a half-precision number. */
export function halfValue(bits: number): number {
  return HALF[bits]!;
}
