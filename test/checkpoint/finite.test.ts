// The largest number of each type passes, its neighbours above do not, NaN and infinities never; the same with a limit.
import { expect, test } from "vitest";
import { firstNotFinite } from "../../src/checkpoint/finite.js";

const bytes = (array: Float32Array | Float64Array | Uint16Array): Uint8Array => new Uint8Array(array.buffer);

test.each([
  ["F32", bytes(Float32Array.of(0, -0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45, NaN)), 5],
  ["F32", bytes(Float32Array.of(1, -Infinity)), 1],
  ["F64", bytes(Float64Array.of(3.4e38, 1e-320, 1e39)), 2],
  ["F16", bytes(Uint16Array.of(0x7bff, 0xfbff, 0x0001, 0xfc00)), 3],
  ["BF16", bytes(Uint16Array.of(0x7f7f, 0xff7f, 0x7f80)), 2],
] as const)("%s", (dtype, given, bad) => {
  const count = given.length / { F32: 4, F64: 8, F16: 2, BF16: 2 }[dtype];
  expect(firstNotFinite(given, dtype, count)).toBe(bad);
  expect(firstNotFinite(given, dtype, bad)).toBe(-1);
});

test.each([
  ["F32", bytes(Float32Array.of(65504, -65504, 65504.01))],
  ["F64", bytes(Float64Array.of(65504, -65504, -65505))],
  ["BF16", bytes(Uint16Array.of(0x477f, 0xc77f, 0xc780))],
] as const)("%s beyond what f16 holds", (dtype, given) => {
  expect(firstNotFinite(given, dtype, 3, 65_504)).toBe(2);
  expect(firstNotFinite(given, dtype, 2, 65_504)).toBe(-1);
});
