// A word table that is still on its way when the model is ready. It is over half of a v3-base's bytes, and a text needs a few
// hundred of its 128 100 rows: those are read by themselves until the rest has arrived in the background.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { readRows } from "../../checkpoint/rows.js";
import type { TensorEntry } from "../../checkpoint/tensor-entry.js";
import { eitherSignal } from "../../checkpoint/signals.js";
import { stream } from "../../checkpoint/stream.js";
import { HostTable } from "./embeddings.js";

/** A smaller table is here before its rows could be asked for. */
const LATE_FROM = 16 * 2 ** 20;

/**
 * Whether a table may come after the model is ready: it comes over the network, from a server with byte ranges, and its file
 * need not be hashed as a whole.
 */
export async function canBeLate({ file, start, end, view }: TensorEntry, folder: ModelFolder): Promise<boolean> {
  if (!folder.isRemote || view || end - start < LATE_FROM) return false;
  const source = await folder.open(file);
  return source !== undefined && !source.forwardOnly && source.sha256 === undefined;
}

export class LateTable extends HostTable {
  private readonly folder: ModelFolder;
  private readonly rowBytes: number;
  /** Bytes [0, arrived) are here, and these rows. */
  private arrived = 0;
  private readonly single = new Set<number>();
  private readonly end = new AbortController();

  constructor(entry: TensorEntry, folder: ModelFolder) {
    super(entry);
    this.folder = folder;
    this.rowBytes = this.byteLength / this.rows;
  }

  /**
   * Reads those of the rows that are not here yet.
   * @throws CheckpointError when they cannot be had; rejects with the signal's reason, or `stop`'s
   */
  async need(rows: Iterable<number>, signal?: AbortSignal): Promise<void> {
    const { rowBytes, arrived, single } = this;
    if (arrived === this.byteLength) return;
    const missing = [...new Set(rows)].filter((row) => (row + 1) * rowBytes > arrived && !single.has(row));
    if (missing.length === 0) return;
    const bytes = await readRows(this.entry, missing, this.folder, eitherSignal(signal, this.end.signal));
    missing.forEach((row, index) => {
      this.write(row * rowBytes, bytes.subarray(index * rowBytes, (index + 1) * rowBytes));
      single.add(row);
    });
  }

  /**
   * Brings the whole table, row after row. A failure is no error: rows are still read when they are needed, and it is then that
   * a server which does not answer matters.
   */
  async fill(): Promise<void> {
    const { signal } = this.end;
    const onProgress = this.folder.progress.tell;
    try {
      for await (const { offset, bytes } of stream([this.entry], this.folder, { signal, onProgress, phase: "rows" })) {
        this.write(offset, bytes);
        this.arrived = offset + bytes.length;
      }
      this.single.clear();
    } catch {
      // see above
    }
  }

  /** Ends what still loads; calls that wait for rows reject with the reason. */
  stop(reason: Error): void {
    this.end.abort(reason);
  }
}
