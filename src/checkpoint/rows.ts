// Single rows of a table by byte ranges: an encoder needs a few hundred of the 128 100 rows of a word table, and the first
// answer need not wait for the other 98 million numbers.
import { assert } from "../errors.js";
import { planRanges, type Span } from "./byte-plan.js";
import type { Folder } from "./byte-source.js";
import { openFolder } from "./folder.js";
import { openPresent } from "./read-whole.js";
import type { TensorEntry } from "./tensor-entry.js";
import { eitherSignal } from "./signals.js";
import { readPieces } from "./stream.js";

/** So many requests for rows are open at once: browsers allow six connections to a host, and weights may be streaming. */
const LANES = 4;

/** Four requests at a time cost about as much time each as these bytes. */
const READ_THROUGH = 64 * 1024;

/** What of a tensor matters here. */
type Table = Pick<TensorEntry, "name" | "file" | "start" | "end" | "shape" | "view">;

/** A row and where it goes in the result, in rows. */
interface RowSpan extends Span {
  readonly places: number[];
}

/**
 * Reads rows of a table [rows, …], neighbours in one request. `integrity` is not checked: that takes the whole file.
 * A server without ranges would send the file from its start for each request; `forwardOnly` of the opened file tells.
 * @param rows row numbers in any order, repeats included
 * @returns the bytes of those rows, one after another, as asked for: rows.length × the bytes of one row
 * @throws RangeError when the table has no such row, CheckpointError; rejects with the signal's reason on abort
 */
export async function readRows(
  table: Table,
  rows: readonly number[],
  folder: Folder,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const spans = rowSpans(table, rows);
  const rowBytes = (table.end - table.start) / table.shape[0]!;
  const result = new Uint8Array(rows.length * rowBytes);
  const file = await openPresent(await openFolder(folder), table.file);
  const waiting = planRanges(spans, READ_THROUGH);
  const failed = new AbortController();
  const either = eitherSignal(signal, failed.signal);
  const lane = async (): Promise<void> => {
    for (let range; (range = waiting.shift());) {
      for await (const { entry, offset, bytes } of readPieces(file, range, { signal: either })) {
        for (const place of entry.places) result.set(bytes, place * rowBytes + offset);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } catch (error) {
    failed.abort();
    throw error;
  }
  return result;
}

function rowSpans({ name, file, start, end, shape, view }: Table, rows: readonly number[]): RowSpan[] {
  assert(!view, `the rows of ${name} do not lie one after another`);
  const count = shape[0] ?? 0;
  const rowBytes = (end - start) / count;
  const spans = new Map<number, RowSpan>();
  for (const [place, row] of rows.entries()) {
    if (!Number.isInteger(row) || row < 0 || row >= count) {
      throw new RangeError(`row ${row} is not in ${name}, which has ${count} rows`);
    }
    const at = start + row * rowBytes;
    const span = spans.get(row) ?? { file, start: at, end: at + rowBytes, places: [] };
    span.places.push(place);
    spans.set(row, span);
  }
  return [...spans.values()];
}
