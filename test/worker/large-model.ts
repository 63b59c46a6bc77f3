// A classifier with a bundled model's vocabulary, whose rows are so long that the word table comes late.
import { filesOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";

const ROWS = 8192;
const WIDTH = 540;
/** Bytes of its word table. */
export const TABLE_BYTES: number = 4 * ROWS * WIDTH;

export const VOCABULARY = "/models/tiny-intent/spm.model";

/** Its files by name. */
export function largeModel(spm: Uint8Array<ArrayBuffer>): Map<string, Uint8Array<ArrayBuffer>> {
  const config = { ...MINIATURE, vocab_size: ROWS, hidden_size: WIDTH, num_hidden_layers: 1 };
  return new Map([
    ...filesOf(makeCheckpoint(config, "pooled")),
    ["spm.model", spm],
    ["tokenizer_config.json", new TextEncoder().encode('{"added_tokens_decoder":{}}')],
  ]);
}
