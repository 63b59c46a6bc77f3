// The three terms of the scores apart, for looking inside: content to content, content to position, position to content.
// On the host, from the projections that a run computed; the engine's kernels only ever form their sum.
import { headsWidth, headWidth } from "../deberta/sizes.js";
import type { PackedBatch } from "./attention-tables.js";
import { zeros } from "./collect.js";
import type { DebertaV2Config } from "../deberta/config.js";
import type { Tensor } from "../outputs.js";
import type { SlotTable } from "../deberta/relative-position.js";
import type { Sequence } from "./sequences.js";

/** What the terms of a layer are computed from. */
export interface TermInputs {
  /** [T, 3·H·d]: query (scaled), key, value. */
  readonly qkv: Float32Array;
  /** [S, H·d]; absent where the model does not have the term. */
  readonly posK: Float32Array | undefined;
  readonly posQ: Float32Array | undefined;
  readonly slots: SlotTable;
}

/** c2c, c2p, p2c as [B, H, N, N], scaled, before softmax; their sum is what softmax sees. */
export function attentionTerms(
  config: DebertaV2Config,
  { qkv, posK, posQ, slots: { table, reach } }: TermInputs,
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
        const query = (firstRows[index]! + i) * 3 * all + head * width;
        for (let j = 0; j < length; j++) {
          const key = (firstRows[index]! + j) * 3 * all + all + head * width;
          const slot = table[Math.min(Math.max(i - j, -reach), reach) + reach]! * all + head * width;
          const at = ((source * heads + head) * columns + from + i) * columns + from + j;
          terms.c2c.data[at] = dot(qkv, query, qkv, key);
          if (posK) terms.c2p.data[at] = dot(qkv, query, posK, slot);
          if (posQ) terms.p2c.data[at] = dot(qkv, key, posQ, slot);
        }
      }
    }
  });
  return terms;
}
