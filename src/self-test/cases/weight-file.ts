// Tensors as their bytes lie in a file, of every type that is decoded on the GPU, made from a seed.
import type { FileScales, PackedDType } from "../../kernels/pack-weights.js";
import { randomValues } from "./random.js";

/** `count` random floats, filled up to whole words. */
export function floatFile(dtype: PackedDType, count: number, seed: number): Uint32Array {
  const values = randomValues(count, seed);
  if (dtype === "F32") return new Uint32Array(values.buffer as ArrayBuffer);
  const words = new Uint32Array(Math.ceil(count / 2));
  const halves = new Uint16Array(words.buffer);
  // The upper half of f32 is bf16; random bits with a middling exponent are an f16 between 2⁻⁵ and 2.
  const bits = new Uint32Array(values.buffer as ArrayBuffer);
  for (let i = 0; i < count; i++)
    halves[i] = dtype === "BF16" ? bits[i]! >>> 16 : (bits[i]! & 0x83ff) | ((10 + (i % 6)) << 10);
  return words;
}

/**
 * A matrix [outputs, inputs]. Integers come with their scales behind them: in f32 for each row (I8), in f16 for each 32 inputs (I4,
 * so inputs is a multiple of 32). Not every scale has the extreme of its type.
 */
export function weightFile(
  dtype: PackedDType,
  outputs: number,
  inputs: number,
): { words: Uint32Array; scales?: FileScales } {
  const count = outputs * inputs;
  if (dtype !== "I8" && dtype !== "I4") return { words: floatFile(dtype, count, count) };
  const each = dtype === "I8" ? inputs : 32;
  const perByte = dtype === "I8" ? 1 : 2;
  const at = count / perByte / 4;
  const scaleCount = count / each;
  const bytes = new Uint8Array(4 * at + 4 * scaleCount);
  const random = randomValues(4 * at, outputs);
  for (let i = 0; i < 4 * at; i++) bytes[i] = dtype === "I8" ? 127 * random[i]! : 128 * (random[i]! + 1);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < scaleCount; i++) {
    if (dtype === "I8") view.setFloat32(4 * (at + i), 0.01 + 0.001 * (i % 7), true);
    else view.setUint16(4 * at + 2 * i, 0x2000 + 37 * (i % 11), true);
  }
  const scaleType = dtype === "I8" ? "F32" : "F16";
  return { words: new Uint32Array(bytes.buffer), scales: { dtype: scaleType, row: inputs, each, at } };
}
