// From packed rows back to the tensors that Transformers shapes: [B, N, …], zero where nothing was computed.
import { padded } from "../../kernels/kernel.js";
import type { PackedBatch } from "./attention-tables.js";
import type { PartResult } from "./engine.js";
import type { Tensor } from "../outputs.js";
import type { Sequence } from "./sequences.js";

/** A zero tensor. */
export function zeros(...shape: number[]): Tensor {
  return { data: new Float32Array(shape.reduce((product, size) => product * size, 1)), shape };
}

/** Writes packed rows [T, stride] into their places of a [B, N, width] tensor. */
export function scatterRows(
  target: Tensor,
  rows: Float32Array,
  { firstRows }: PackedBatch,
  sequences: readonly Sequence[],
): void {
  const [, columns, width] = target.shape as [number, number, number];
  const stride = padded(width, 4);
  sequences.forEach(({ source, from, length }, index) => {
    for (let i = 0; i < length; i++) {
      const at = (firstRows[index]! + i) * stride;
      target.data.set(rows.subarray(at, at + width), (source * columns + from + i) * width);
    }
  });
}

/** An output of packed rows as [B, N, width]. */
export function collectRows(
  parts: readonly PartResult[],
  name: string,
  shape: readonly [number, number, number],
): Tensor {
  const target = zeros(...shape);
  for (const { outputs, packed, sequences } of parts) scatterRows(target, outputs.get(name)!, packed, sequences);
  return target;
}

/** Writes one block of scores or probabilities into its places of a [B, H, N, N] tensor. */
export function scatterScores(
  target: Tensor,
  scores: Float32Array,
  block: number,
  { scoreRanges }: PackedBatch,
  sequences: readonly Sequence[],
): void {
  const [, heads, columns] = target.shape as [number, number, number, number];
  sequences.forEach(({ source, from, length }, index) => {
    const stride = padded(length, 4);
    for (const range of scoreRanges[index]!) {
      if (range.block !== block) continue;
      const count = range.to - range.from;
      for (let head = 0; head < heads; head++) {
        for (let row = 0; row < count; row++) {
          const at = range.score + (head * count + row) * stride;
          const into = ((source * heads + head) * columns + from + range.from + row) * columns + from;
          target.data.set(scores.subarray(at, at + length), into);
        }
      }
    }
  });
}

/** The attention probabilities of a layer as [B, H, N, N]. */
export function collectAttention(
  parts: readonly PartResult[],
  layer: number,
  shape: readonly [number, number, number, number],
): Tensor {
  const target = zeros(...shape);
  for (const { outputs, packed, sequences } of parts) {
    packed.shape.all.blocks.forEach((_, block) =>
      scatterScores(target, outputs.get(`attention.${layer}.${block}`)!, block, packed, sequences),
    );
  }
  return target;
}

/** Logits of asked rows, one row of `width` for each; `place` says where a row goes, or that it is not wanted. */
export function collectAsked(
  parts: readonly PartResult[],
  target: Tensor,
  place: (source: number, column: number) => readonly number[],
): Tensor {
  const width = target.shape.at(-1)!;
  const stride = padded(width, 4);
  for (const { outputs, asked, sequences } of parts) {
    const logits = outputs.get("logits")!;
    asked!.forEach(({ sequence, column }, row) => {
      const { source, from } = sequences[sequence]!;
      for (const index of place(source, from + column))
        target.data.set(logits.subarray(row * stride, row * stride + width), index * width);
    });
  }
  return target;
}
