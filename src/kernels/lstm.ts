// The recurrence of a bidirectional LSTM: a chain of dependent steps, so one workgroup per direction and text walks through
// its words in one dispatch. The product with the inputs, which is no chain, is a matmul before it.
import { expectShape, expectVec4, f32, type Kernel, lastOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./lstm.wgsl?raw";

/** Sizes of `lstm`, and which of its steps one dispatch takes. */
export interface LstmAttrs {
  /** H of one direction, padded. */
  readonly hidden: number;
  /** Steps of every text; a later dispatch goes on in place from where the one before stopped. */
  readonly steps: readonly [from: number, to: number];
}

/** Multiply-adds of one workgroup in one dispatch: about 60 ms where a core does a hundred million of these a second. */
const WORK = 2 ** 26;

/** How many steps one dispatch takes, so that slow adapters stay far from their watchdogs. */
export function lstmSteps(hidden: number): number {
  return Math.max(32, Math.floor(WORK / (4 * hidden * hidden)));
}

/** gates [L, 8·H], weight [H, 8·H], bias [8·H] f32, texts [B, 2] u32 (first row, rows) → [L + B, 2·H] f32. */
export const lstm: Kernel<readonly ["gates", "weight", "bias", "texts"], LstmAttrs> = {
  name: "lstm",
  operands: ["gates", "weight", "bias", "texts"],
  result([gates, weight, bias, texts], { hidden, steps: [from, to] }) {
    expectVec4("lstm", "hidden", hidden);
    expectShape("lstm", "gates", gates, "f32", [null, 8 * hidden]);
    expectShape("lstm", "weight", weight, "f32", [hidden, 8 * hidden]);
    expectShape("lstm", "bias", bias, "f32", [8 * hidden]);
    expectShape("lstm", "texts", texts, "u32", [null, 2]);
    if (from < 0 || to <= from) throw new RangeError(`lstm: steps ${from} to ${to}`);
    return f32(gates.shape[0]! + texts.shape[0]!, 2 * hidden);
  },
  dispatch([gates, , , texts], { hidden, steps: [from, to] }, device) {
    const rows = gates.shape[0]!;
    const threads = Math.min(device.software ? 64 : 256, device.workgroupThreads, 2 ** Math.ceil(Math.log2(hidden)));
    return {
      shader: shader(wgsl, {
        file: "lstm.wgsl",
        constants: { THREADS: threads, UNITS: Math.ceil(hidden / threads), HIDDEN: hidden },
      }),
      params: { rows, hidden, begin: from, stop: to },
      workgroups: [2, texts.shape[0]!, 1],
      work: { flops: 16 * rows * hidden * hidden, bytes: 4 * rows * (lastOf(gates) + 2 * hidden) },
    };
  },
};
