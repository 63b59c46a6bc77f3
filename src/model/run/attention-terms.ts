// The three terms of the scores apart, for looking inside: content to content, content to position, position to content.
// On the host, from the projections that a run computed; the engine's kernels only ever form their sum.
import { headsWidth, headWidth } from "../deberta/sizes.js";
import type { PackedBatch } from "./attention-tables.js";
import { zeros } from "./collect.js";
import type { DebertaV2Config } from "../deberta/config.js";
import type { Tensor } from "../outputs.js";
import type { SlotTable } from "../deberta/relative-position.js";
import type { Sequence } from "./sequences.js";

/** Columns of a matrix of packed rows [T, stride]. */
export interface Columns {
  readonly data: Float32Array;
  readonly stride: number;
  readonly from: number;
}

/** What the terms of an attention are computed from. */
export interface TermInputs {
  /** H·d columns, scaled. */
  readonly query: Columns;
  /** H·d columns. */
  readonly key: Columns;
  /** [S, H·d]; absent where the model does not have the term. */
  readonly posK: Float32Array | undefined;
  readonly posQ: Float32Array | undefined;
  readonly slots: SlotTable;
}

/** c2c, c2p, p2c as [B, H, N, N], scaled, before softmax; their sum is what softmax sees. */
export function attentionTerms(
  config: DebertaV2Config,
  { query, key, posK, posQ, slots: { table, reach } }: TermInputs,
  { firstRows }: PackedBatch,
  sequences: readonly Sequence[],
  batch: number,
  columns: number,
): { c2c: Tensor; c2p: Tensor; p2c: Tensor } {
  const heads = config.numAttentionHeads;
  const width = headWidth(config);
  const all = headsWidth(config);
  const shape = [batch, heads, columns, columns] as const;
  const terms = { c2c: zeros(...shape), c2p: zeros(...shape), p2c: zeros(...shape) };
  const dot = (a: Float32Array, aFrom: number, b: Float32Array, bFrom: number) => {
    let sum = 0;
    for (let c = 0; c < width; c++) sum += a[aFrom + c]! * b[bFrom + c]!;
    return sum;
  };
  sequences.forEach(({ source, from, length }, index) => {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < length; i++) {
        const q = (firstRows[index]! + i) * query.stride + query.from + head * width;
        for (let j = 0; j < length; j++) {
          const k = (firstRows[index]! + j) * key.stride + key.from + head * width;
          const slot = table[Math.min(Math.max(i - j, -reach), reach) + reach]! * all + head * width;
          const at = ((source * heads + head) * columns + from + i) * columns + from + j;
          terms.c2c.data[at] = dot(query.data, q, key.data, k);
          if (posK) terms.c2p.data[at] = dot(query.data, q, posK, slot);
          if (posQ) terms.p2c.data[at] = dot(key.data, k, posQ, slot);
        }
      }
    }
  });
  return terms;
}
