// tf_model.h5 as Keras writes it: the root group names its layers, each layer's group names its weights, and a weight is the
// dataset of that name in the group. In a shard the names are those of datasets, directly.
import { CheckpointError, quote, UnsupportedError } from "../../errors.js";
import type { NamedSource } from "../byte-source.js";
import { Pages } from "../pages.js";
import { MAX_TENSORS, type TensorEntry } from "../tensor-entry.js";
import { readTexts } from "./attributes.js";
import { isDataset, readDataset } from "./datasets.js";
import { Hdf5File } from "./file.js";
import { Groups } from "./groups.js";

const MAX_DEPTH = 32;

/**
 * Reads which tensors a Keras file holds, by their paths in the file, with the shapes and in the order that it gives them.
 * @throws CheckpointError when it is damaged or lacks what it names; UnsupportedError for what Keras does not write
 */
export async function readKeras(source: NamedSource, signal?: AbortSignal): Promise<TensorEntry[]> {
  const file = await Hdf5File.open(new Pages(source, signal));
  const groups = new Groups(file);
  const layers = await readTexts(file, await file.header(file.root), "layer_names", "the root group");
  if (!layers) throw new CheckpointError(`${file.name}: has no layer_names, so it holds no weights of Keras`);
  requireOnce(file, layers, "layer_names");
  const tensors: TensorEntry[] = [];
  for (const layer of layers) {
    // Several names may mean one group: counted as they come, or a small file would hold millions of tensors.
    tensors.push(...(await readLayer(file, groups, layer)));
    if (tensors.length > MAX_TENSORS) throw new CheckpointError(`${file.name}: holds more than ${MAX_TENSORS} tensors`);
  }
  return tensors;
}

async function readLayer(file: Hdf5File, groups: Groups, layer: string): Promise<TensorEntry[]> {
  const address = await find(file, groups, file.root, layer);
  const messages = await file.header(address);
  if (isDataset(messages)) return [readDataset(file, layer, messages)];
  const weights = await readTexts(file, messages, "weight_names", `the group ${quote(layer)}`);
  if (!weights) throw new CheckpointError(`${file.name}: the group ${quote(layer)} has no weight_names`);
  requireOnce(file, weights, `weight_names of the group ${quote(layer)}`);
  return Promise.all(
    weights.map(async (weight) => {
      const dataset = await file.header(await find(file, groups, address, weight));
      if (!isDataset(dataset)) throw new CheckpointError(`${file.name}: ${quote(weight)} is no dataset`);
      return readDataset(file, `${layer}/${weight}`, dataset);
    }),
  );
}

function requireOnce(file: Hdf5File, names: readonly string[], of: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new CheckpointError(`${file.name}: ${of} has ${quote(name)} twice`);
    seen.add(name);
  }
}

/** The object that a name out of the file means: a path below `from`. */
async function find(file: Hdf5File, groups: Groups, from: number, path: string): Promise<number> {
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".."))
    throw new CheckpointError(`${file.name}: names ${quote(path)}, which is no path in the file`);
  if (parts.length > MAX_DEPTH)
    throw new UnsupportedError(`${file.name}: ${quote(path)} lies deeper than ${MAX_DEPTH} groups`);
  const address = await groups.find(from, path);
  if (address === undefined) throw new CheckpointError(`${file.name}: names ${quote(path)}, which is not there`);
  return address;
}
