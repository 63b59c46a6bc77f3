// Which files of a folder hold the weights, and where each tensor lies in them: one table from the headers alone.
// The order of names is Transformers'; the first bytes of a file decide what it is.
import { CheckpointError, quote } from "../errors.js";
import { fieldOf, isObject, show } from "../json.js";
import { lazily } from "../lazy.js";
import { readOptions } from "../options.js";
import { readRange, type NamedSource } from "./byte-source.js";
import { isFileName, openFolder, type ModelFolder } from "./folder.js";
import { LOOK_BYTES, looksLikeWeights, type WeightsKind } from "./look-alike.js";
import { readOptionalJson } from "./read-whole.js";
import { readSafetensors } from "./safetensors.js";
import type { Source } from "./source.js";
import { MAX_TENSORS, type FileDType, type TensorEntry } from "./tensor-entry.js";
import { WEIGHTS_OPTIONS, type WeightsOptions } from "./weights-options.js";

export type { FileDType, TensorEntry };

/** Tried in this order. */
const NAMES = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
  "tf_model.h5",
  "tf_model.h5.index.json",
] as const;

/** More shards than any checkpoint has. */
const MAX_SHARDS = 1024;

/** Shards whose headers are read at a time: browsers allow six connections to a host. */
const LANES = 4;

/** Names in one message: all of a real model's, but not all of a hostile index's. */
const MAX_NAMED = 1000;

/**
 * Finds every tensor of a checkpoint by reading headers: no weights are read.
 * @returns the tensors by name, in the order of files and bytes
 * @throws CheckpointError when the weights are missing or damaged, UnsupportedError when their container holds what is not read
 */
export async function openWeights(
  source: Source,
  given: WeightsOptions = {},
): Promise<ReadonlyMap<string, TensorEntry>> {
  const options = readOptions("openWeights", given, WEIGHTS_OPTIONS);
  const folder = await openFolder(source, options);
  try {
    const table = await readTable(folder, options);
    if (folder !== source) folder.close();
    return table;
  } catch (error) {
    folder.refuse(error);
    folder.close();
    throw error;
  }
}

async function readTable(
  folder: ModelFolder,
  { weights, signal }: WeightsOptions,
): Promise<ReadonlyMap<string, TensorEntry>> {
  const named = weights ?? (await namedInConfig(folder, signal));
  for (const name of named === undefined ? NAMES : [named]) {
    const file = await folder.open(name);
    if (!file) continue;
    if (!name.endsWith(".index.json")) return tableOf([await readContainer(file, signal)]);
    const { shards, promised } = readIndex(name, await readOptionalJson(folder, name, signal));
    const tables = await readShards(folder, name, shards, signal);
    checkPromised(name, tables, promised);
    return tableOf(tables);
  }
  const tried = named ?? NAMES.join(", ");
  const first = folder.missing(named ?? NAMES[0]);
  const said = first.status === undefined || first.status === 404 ? "" : ` (${first.message})`;
  throw new CheckpointError(`no weights in ${folder.location}: looked for ${tried}${said}`, {
    file: named,
    reason: first.reason,
    status: first.status,
    cause: first,
  });
}

/** The config's `transformers_weights`, which names the file where it is not one of the usual names. */
async function namedInConfig(folder: ModelFolder, signal: AbortSignal | undefined): Promise<string | undefined> {
  const config = await readOptionalJson(folder, "config.json", signal);
  const name = isObject(config) ? fieldOf(config, "transformers_weights") : undefined;
  if (name === undefined || name === null) return undefined;
  if (typeof name !== "string" || name.includes("/") || !isFileName(name)) {
    throw new CheckpointError(`config.json: transformers_weights is ${show(name)}, not the name of a file`);
  }
  return name;
}

/**
 * The shards that an index names, each once and in order, and the tensors it promises.
 * Its total_size is not read: it is often wrong after edits.
 * @throws CheckpointError for anything that is not a map from tensors to files of the index's own kind
 */
export function readIndex(index: string, json: unknown): { shards: string[]; promised: string[] } {
  const map = isObject(json) ? fieldOf(json, "weight_map") : undefined;
  if (!isObject(map) || Object.keys(map).length === 0) {
    throw new CheckpointError(`${index}: weight_map is not an object that names a shard for each tensor`);
  }
  const kind = /(\.\w+)\.index(?:\.\w+)?\.json$/.exec(index)?.[1] ?? "";
  const shards = new Set<string>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !isFileName(shard) || !shard.endsWith(kind)) {
      const told = typeof shard === "string" ? quote(shard) : show(shard);
      throw new CheckpointError(
        `${index}: weight_map names ${told} for ${quote(tensor)}, which is no ${kind} file of the folder`,
      );
    }
    shards.add(shard);
  }
  if (shards.size > MAX_SHARDS)
    throw new CheckpointError(`${index}: names ${shards.size} shards; at most ${MAX_SHARDS} are read`);
  return { shards: [...shards], promised: Object.keys(map) };
}

/** The tensors of each shard. Several headers are read at a time. */
async function readShards(
  folder: ModelFolder,
  index: string,
  shards: readonly string[],
  signal: AbortSignal | undefined,
): Promise<TensorEntry[][]> {
  const tables: TensorEntry[][] = [];
  const waiting = shards.entries();
  let tensors = 0;
  const lane = async (): Promise<void> => {
    for (const [i, shard] of waiting) {
      const table = await readShard(folder, index, shard, signal);
      tables[i] = table;
      tensors += table.length;
      if (tensors > MAX_TENSORS)
        throw new CheckpointError(`${index}: its shards hold more than ${MAX_TENSORS} tensors, the most that are read`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return tables;
}

async function readShard(
  folder: ModelFolder,
  index: string,
  shard: string,
  signal: AbortSignal | undefined,
): Promise<TensorEntry[]> {
  const file = await folder.open(shard);
  if (!file) throw new CheckpointError(`${folder.missing(shard).message} (named by ${index})`, { reason: "absent" });
  return readContainer(file, signal);
}

/** What a file must look like by its name; other names are believed to hold what their first bytes look like. */
const KINDS: readonly (readonly [ending: string, kind: WeightsKind])[] = [
  [".safetensors", "safetensors"],
  [".bin", "a PyTorch file"],
  [".h5", "an HDF5 file"],
];

async function readContainer(file: NamedSource, signal: AbortSignal | undefined): Promise<TensorEntry[]> {
  const first = await readRange(file, 0, Math.min(file.size, LOOK_BYTES), signal);
  const { name } = file;
  const kind = looksLikeWeights(first);
  const named = KINDS.find(([ending]) => name.endsWith(ending))?.[1];
  if (named !== undefined && kind !== undefined && kind !== named)
    throw new CheckpointError(`${name}: looks like ${kind}, not like ${named}`);
  switch (kind ?? (named === "safetensors" ? named : undefined)) {
    case "safetensors":
      return readSafetensors(file, signal);
    case "a PyTorch file":
      return (await lazily(() => import("./torch/torch.js"))).readTorch(file, signal);
    case "an HDF5 file":
      return (await lazily(() => import("./hdf5/keras.js"))).readKeras(file, signal);
    default:
      throw new CheckpointError(
        kind ? `${name}: looks like ${kind}, not like weights` : `${name}: holds no known kind of weights`,
      );
  }
}

/** One table of all shards. A name in two of them could mean either: refused. */
function tableOf(tables: readonly (readonly TensorEntry[])[]): Map<string, TensorEntry> {
  const all = new Map<string, TensorEntry>();
  for (const entry of tables.flat()) {
    const other = all.get(entry.name);
    if (other) throw new CheckpointError(`${entry.file}: tensor ${quote(entry.name)} is in ${other.file} too`);
    all.set(entry.name, entry);
  }
  return all;
}

/** Before the shards are one table: a shard that stands in another's place shows as tensors that are lacking. */
function checkPromised(index: string, tables: readonly (readonly TensorEntry[])[], promised: readonly string[]): void {
  const held = new Set(tables.flat().map(({ name }) => name));
  const lacking = promised.filter((name) => !held.has(name));
  if (lacking.length > 0) {
    const more = lacking.length > MAX_NAMED ? ` and ${lacking.length - MAX_NAMED} more` : "";
    throw new CheckpointError(`${index}: no shard holds ${lacking.slice(0, MAX_NAMED).map(quote).join(", ")}${more}`);
  }
}
