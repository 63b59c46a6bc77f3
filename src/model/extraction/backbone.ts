// The backbone's config as its file's own word table says: published configs and tables differ by added tokens.
import { DebertaV2Config } from "../deberta/config.js";
import type { Checkpoint } from "../load/named-tensors.js";
import { WORD_TABLE } from "../load/table-shapes.js";

/** The config with `vocab_size` believed of the file. */
export function backboneConfig(json: Readonly<Record<string, unknown>>, checkpoint: Checkpoint): DebertaV2Config {
  const asWritten = new DebertaV2Config(json);
  return new DebertaV2Config({ ...json, vocab_size: checkpoint.rows(WORD_TABLE, asWritten.vocabSize) });
}
