// The table that pins a load: the SHA-256 of every file of a source that a model or a tokenizer reads.
import { readOptions } from "../options.js";
import { openFolder } from "./folder.js";
import { readOptionalJson } from "./read-whole.js";
import { readIndex } from "./shards.js";
import type { Source, SourceOptions } from "./source.js";
import { WEIGHTS_OPTIONS, type WeightsOptions } from "./weights-options.js";

const SMALL = [
  "config.json",
  "tokenizer_config.json",
  "spm.model",
  "tokenizer.json",
  "special_tokens_map.json",
  "added_tokens.json",
];
const WEIGHTS = ["model.safetensors", "pytorch_model.bin", "tf_model.h5"];

/**
 * Reads a source from end to end and gives the table that the option `integrity` takes: `sha256-…` by file name. Run it once, on
 * files that you trust, and ship the table with the page.
 * @param given `weights` names another weight file of the folder
 * @throws as loading does; rejects with the signal's reason on abort
 */
export async function hashesOf(source: Source, given: WeightsOptions = {}): Promise<Record<string, string>> {
  const options = readOptions("hashesOf", given, WEIGHTS_OPTIONS);
  const asServed: { -readonly [Key in keyof SourceOptions]: SourceOptions[Key] } = { ...options, cache: "off" };
  delete asServed.integrity;
  const folder = await openFolder(source, asServed);
  const table: Record<string, string> = {};
  const add = async (name: string): Promise<boolean> => {
    const file = await folder.open(name);
    if (!file) return false;
    const { startSha256 } = await import("./integrity.js"); // a library of its own, which few pages need
    const digest = startSha256();
    for await (const bytes of file.read(0, file.size, options.signal)) digest.update(bytes);
    file.close();
    table[name] = `sha256-${digest.base64()}`;
    return true;
  };
  try {
    for (const name of SMALL) await add(name);
    if (!table["config.json"]) throw folder.missing("config.json");
    for (const name of options.weights === undefined ? WEIGHTS : [options.weights]) {
      if (!name.endsWith(".index.json") && (await add(name))) return table;
      const index = name.endsWith(".index.json") ? name : `${name}.index.json`;
      const json = await readOptionalJson(folder, index, options.signal);
      if (json === undefined) continue;
      await add(index);
      for (const shard of readIndex(index, json).shards) if (!(await add(shard))) throw folder.missing(shard);
      return table;
    }
    throw folder.missing(options.weights ?? WEIGHTS[0]!);
  } finally {
    folder.close();
  }
}
