// What makes a weight on the GPU, or a table, the same as another model's: the bytes of the tensors that it is packed from and how it is
// packed; of what is computed from weights, the computation. Whoever has the same may be shared with.
import { contentOf, contentOfObject } from "../../checkpoint/content.js";
import { openPresent } from "../../checkpoint/read-whole.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";
import type { Graph, Value } from "../../runtime/graph.js";
import type { ResidentSpec } from "../deberta/layers.js";
import type { EmbeddingTables } from "./embeddings.js";
import type { Checkpoint } from "./named-tensors.js";
import type { LoadOptions } from "./options.js";
import type { TableShapes } from "./tables.js";

/** Keys for what a load will have. What has none is each model's own. */
export interface WeightKeys {
  /** By the resident's name. */
  readonly residents: ReadonlyMap<string, string>;
  /** By the kind of table. */
  readonly tables: ReadonlyMap<keyof EmbeddingTables, string>;
  /** All of them. */
  readonly all: readonly string[];
}

/**
 * @param specs as they lie on the device
 * @param computed a graph whose outputs become residents
 */
export async function weightKeys(
  checkpoint: Checkpoint,
  specs: readonly ResidentSpec[],
  computed: Graph | undefined,
  shapes: TableShapes,
  { wordTable = "whole" }: LoadOptions,
): Promise<WeightKeys> {
  const contents = new Map<string, string>();
  for (const { file } of checkpoint.all().flatMap(filesOf))
    if (!contents.has(file)) contents.set(file, contentOf(await openPresent(checkpoint.folder, file)));
  const tensorKey = (name: string) => {
    const entry = checkpoint.find(name)!;
    return [entry.name, ...filesOf(entry).map(({ file }) => contents.get(file))];
  };

  const residents = new Map<string, string>();
  for (const { name, type, parts } of specs)
    if (parts.length > 0)
      residents.set(
        name,
        JSON.stringify([name, type, parts.map(({ tensor, ...packing }) => [tensorKey(tensor), packing])]),
      );
  const nodeOf = new Map(computed?.nodes.map((node) => [node.output, node]));
  const valueKey = (value: Value): unknown => {
    const node = nodeOf.get(value);
    return node ? [contentOfObject(node.kernel), node.attrs, node.inputs.map(valueKey)] : residents.get(value.name);
  };
  const outputs = [...(computed?.outputs ?? [])];
  for (const [name, key] of outputs.map(([name, value]) => [name, JSON.stringify([name, valueKey(value)])] as const))
    residents.set(name, key);

  const tables = new Map(
    [...shapes].map(([kind, [name]]) => [
      kind,
      JSON.stringify(["table", kind === "words" && wordTable, tensorKey(name)]),
    ]),
  );
  return { residents, tables, all: [...residents.values(), ...tables.values()] };
}

/** Where the bytes of a tensor are, and its scales'. */
const filesOf = (entry: WeightEntry): { readonly file: string }[] =>
  "scales" in entry ? [entry, entry.scales] : [entry];
