// Which kind of table each embedding table becomes: by where its file is and what else needs it.
import { byteLengthOf } from "../../checkpoint/byte-plan.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";
import { DemandTable } from "./demand-table.js";
import type { EmbeddingTables, HostTable } from "./embeddings.js";
import { LateTable } from "./late-table.js";
import type { Checkpoint } from "./named-tensors.js";
import type { LoadOptions } from "./options.js";
import { PagedTable } from "./paged-table.js";
import { tableScales } from "./scales.js";

/** The tables that stay on the host: the tensor of each and the shape that it must have. */
export type TableShapes = ReadonlyMap<keyof EmbeddingTables, readonly [name: string, shape: readonly number[]]>;

/** A smaller table from a server is here before the first text. */
const LATE_FROM = 16 * 2 ** 20;
/** A smaller table from a local file is copied: it is one page. */
const DEMAND_FROM = 2 ** 20;
/** Rows of a local table that are kept for later texts. */
const KEPT = 8 * 2 ** 20;

/** Empty tables. `onGpu` says whether the GPU needs a tensor, too. */
export async function makeTables(
  checkpoint: Checkpoint,
  shapes: TableShapes,
  onGpu: (tensor: string) => boolean,
  options: LoadOptions,
): Promise<EmbeddingTables<HostTable>> {
  const tables: Partial<Record<keyof EmbeddingTables, HostTable>> = {};
  for (const [kind, [name]] of shapes) {
    const entry = checkpoint.find(name)!;
    const table = kind === "words" ? await wordTable(checkpoint, entry, onGpu(name), options) : new PagedTable(entry);
    if ("scales" in entry) table.scales = await tableScales(entry, checkpoint.folder);
    tables[kind] = table;
  }
  return tables as EmbeddingTables<HostTable>;
}

async function wordTable(
  { folder }: Checkpoint,
  entry: WeightEntry,
  onGpu: boolean,
  options: LoadOptions,
): Promise<HostTable> {
  const file = await folder.open(entry.file);
  const bytes = byteLengthOf(entry);
  if (entry.view) return new PagedTable(entry); // its rows do not lie one after another
  if (file?.isLocal && file.sha256 === undefined && bytes >= DEMAND_FROM) return new DemandTable(entry, folder, KEPT);
  // What must be hashed, or cannot be read by ranges, comes as a whole; so does what passes by on its way to the GPU.
  if (!folder.isRemote || !file || file.forwardOnly || file.sha256 !== undefined || onGpu) return new PagedTable(entry);
  if (options.wordTable === "on-demand") return new DemandTable(entry, folder, bytes);
  return bytes < LATE_FROM ? new PagedTable(entry) : new LateTable(entry, folder);
}
