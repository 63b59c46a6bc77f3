// Which kind of table each embedding table becomes: by where its file is and what else needs it; or that of another model.
import { byteLengthOf } from "../../checkpoint/byte-plan.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";
import { Shared } from "../../runtime/shared.js";
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

/** Tables that several models may use, of all devices. */
const shared = new Shared<HostTable>();

type Keys = ReadonlyMap<keyof EmbeddingTables, string>;
type SomeTables = Partial<Record<keyof EmbeddingTables, HostTable>>;

/**
 * The tables of a model: others' where there are such, and `fresh` ones, which are empty.
 * @param onGpu whether the GPU needs a tensor, too
 */
export async function makeTables(
  checkpoint: Checkpoint,
  shapes: TableShapes,
  keys: Keys,
  onGpu: (tensor: string) => boolean,
  options: LoadOptions,
): Promise<{ readonly tables: EmbeddingTables<HostTable>; readonly fresh: Readonly<SomeTables> }> {
  const [taken, fresh]: [SomeTables, SomeTables] = [{}, {}];
  try {
    for (const [kind, [name]] of shapes) {
      const known = shared.take(keys.get(kind)!);
      if (known) {
        taken[kind] = known;
        continue;
      }
      const entry = checkpoint.find(name)!;
      const table = kind === "words" ? await wordTable(checkpoint, entry, onGpu(name), options) : new PagedTable(entry);
      fresh[kind] = table;
      if ("scales" in entry) table.scales = await tableScales(entry, checkpoint.folder);
    }
  } catch (error) {
    freeTables(taken, error as Error);
    throw error;
  }
  return { tables: { ...taken, ...fresh } as EmbeddingTables<HostTable>, fresh };
}

/** Lets other models use tables; not one whose rest turns out not to come. */
export function offerTables(tables: Readonly<SomeTables>, keys: Keys): void {
  for (const [kind, table] of Object.entries(tables) as [keyof EmbeddingTables, HostTable][]) {
    shared.add(keys.get(kind)!, table);
    table.whole.catch(() => shared.hide(table));
  }
}

/** Lets go of tables; those that no other model uses are freed, and who waits for their rows is told the reason. */
export function freeTables(tables: Readonly<SomeTables>, reason: Error): void {
  for (const table of Object.values(tables)) if (shared.drop(table)) table.free(reason);
}

/** Bytes of tables, and how many of them other models hold, too. */
export function tableBytes(tables: Readonly<SomeTables>): { readonly bytes: number; readonly shared: number } {
  const sum = (some: readonly HostTable[]): number =>
    some.reduce((bytes, table) => bytes + table.byteLength + (table.scales?.byteLength ?? 0), 0);
  const all = Object.values(tables);
  return { bytes: sum(all), shared: sum(all.filter((table) => shared.isShared(table))) };
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
