// The sizes of DeBERTa-v3-base, for tests of what runs how, without its weights.
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import type { HeadSpec } from "../../src/model/deberta/heads.js";
import { headNetwork, type HeadNetwork } from "../../src/model/head-network.js";
import type { CheckedInputs } from "../../src/model/inputs/types.js";
import { MINIATURE } from "./checkpoint.js";

export const V3_BASE = {
  ...MINIATURE,
  vocab_size: 128100,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  position_buckets: 256,
};

export function baseNetwork(head: HeadSpec = { kind: "pooled", labels: 3 }): HeadNetwork {
  return headNetwork(new DebertaV2Config(V3_BASE), head);
}

/** A request of texts of these lengths, every token real. */
export function requestOf(lengths: readonly number[]): CheckedInputs {
  return {
    rows: lengths.map((length) => ({ length, first: 0, end: length, ids: new Int32Array(length) })),
    batch: lengths.length,
    columns: Math.max(...lengths),
    outputHiddenStates: false,
    outputAttentions: false,
  };
}
