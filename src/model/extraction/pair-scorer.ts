// The scorer over pairs of a row and a label (GLiNER's token models, GLiClass's weighted-dot):
//   MLP([T0_i | B0_c | T1_i ∘ B1_c]), T and B being two halves of a projection each.
// Only the product part is computed per pair; the two others once per row and once per label.
import { u32 } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import { pairMatmul } from "../../kernels/pair-matmul.js";
import type { PaddedAxis } from "../../kernels/pack-weights.js";
import type { Value } from "../../runtime/graph.js";
import type { Builder } from "../deberta/layers.js";
import { plainAxis } from "../deberta/sizes.js";
import { noBias, sideBySide } from "./dense.js";

export interface PairScorer {
  readonly prefix: string;
  /** Names of the two projections. */
  readonly rows: string;
  readonly labels: string;
  /** h. */
  readonly size: number;
  /** Scores of a pair. */
  readonly outputs: number;
}

/** Bytes of the inner layer's rows in one block of pairs. */
const BLOCK_BYTES = 32 * 2 ** 20;

/** How pairs are cut into blocks, so that memory stays bounded: numbers of pairs. */
export function pairBlocks(pairs: number, size: number): number[] {
  const most = Math.max(64, Math.floor(BLOCK_BYTES / (16 * size)));
  return Array.from({ length: Math.ceil(pairs / most) }, (_, block) => Math.min(most, pairs - block * most));
}

/** The inputs `pairs.<block>`: row and label of every pair, [P, 2] each. */
export function pairTables(pairs: Uint32Array, blocks: readonly number[]): Record<string, Uint32Array> {
  let from = 0;
  return Object.fromEntries(
    blocks.map((count, block) => [`pairs.${block}`, pairs.subarray(2 * from, 2 * (from += count))]),
  );
}

/** rows [R, h], labels [C, h] → scores of each block of pairs [P, outputs]; inputs `pairs.<block>` name row and label. */
export function pairScores(
  b: Builder,
  scorer: PairScorer,
  rows: { readonly states: Value; readonly axis: PaddedAxis },
  labels: Value,
  blocks: readonly number[],
): Value[] {
  const { prefix, size, outputs } = scorer;
  const width = plainAxis(size).padded;
  const halves = (name: string, x: Value, input: PaddedAxis): [Value, Value] => {
    const { weight, bias } = b.linears(`${prefix}.${name}`, [
      { prefix: `${prefix}.${name}`, input, output: sideBySide(2, size) },
    ]);
    const half = (index: number) =>
      b.graph.add(`${name}.${index}`, matmul, [x, weight, bias], { columns: [index * width, (index + 1) * width] });
    return [half(0), half(1)];
  };
  const [t0, t1] = halves(scorer.rows, rows.states, rows.axis);
  const [b0, b1] = halves(scorer.labels, labels, plainAxis(size));
  const inner = plainAxis(4 * size);
  const layer = { prefix: `${prefix}.out_mlp.0`, input: sideBySide(3, size), output: inner };
  const ofRows = b.linear("ofRows", t0, { ...layer, slice: [0, 1], bias: false });
  const ofLabels = b.linear("ofLabels", b0, { ...layer, slice: [1, 1] });
  const { weight } = b.linears(`${layer.prefix}[2]`, [{ ...layer, slice: [2, 1], bias: false }]);
  const bias = noBias(b, inner.padded);
  return blocks.map((count, block) => {
    const pairs = b.graph.input(`pairs.${block}`, u32(count, 2));
    const operands = [t1, weight, bias, b1, ofRows, ofLabels, pairs] as const;
    const hidden = b.graph.add(`pairs.${block}.inner`, pairMatmul, operands, { activation: "relu" });
    const last = { prefix: `${prefix}.out_mlp.3`, input: inner, output: plainAxis(outputs) };
    return b.linear(`pairs.${block}.scores`, hidden, last);
  });
}
