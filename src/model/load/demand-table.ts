// A table whose rows are read when a text needs them and otherwise stay where they are: in a local file, which a millisecond
// reaches, or, only if the caller asks for it, on his own server.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { readRows } from "../../checkpoint/rows.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";
import { eitherSignal } from "../../checkpoint/signals.js";
import { HostTable, type RowReader } from "./embeddings.js";

export class DemandTable extends HostTable {
  readonly prompt = undefined;
  readonly whole: Promise<void> = Promise.resolve();
  private readonly folder: ModelFolder;
  /** Rows that were read, the least recently used first. */
  private readonly kept = new Map<number, Uint8Array>();
  private readonly most: number;
  private readonly end = new AbortController();

  /** @param mostBytes how many bytes of rows are kept for later texts */
  constructor(entry: WeightEntry, folder: ModelFolder, mostBytes: number) {
    super(entry);
    this.folder = folder;
    this.most = Math.floor(mostBytes / this.rowBytes);
  }

  get byteLength(): number {
    return this.kept.size * this.rowBytes;
  }

  write(): void {
    // nothing arrives unasked
  }

  async reader(rows: Iterable<number>, signal?: AbortSignal): Promise<RowReader> {
    const own = new Map<number, Uint8Array | undefined>();
    for (const row of rows) own.set(row, this.kept.get(row));
    const missing = [...own].filter(([, bytes]) => !bytes).map(([row]) => row);
    if (missing.length > 0) {
      const bytes = await readRows(this.entry, missing, this.folder, eitherSignal(signal, this.end.signal));
      missing.forEach((row, i) => own.set(row, bytes.slice(i * this.rowBytes, (i + 1) * this.rowBytes)));
    }
    if (!this.end.signal.aborted) this.keep(own as Map<number, Uint8Array>);
    return { width: this.width, row: (index) => this.elementsOf(index, own.get(index)!) };
  }

  free(reason: Error): void {
    this.end.abort(reason);
    this.kept.clear();
  }

  protected bytesOf(row: number): Uint8Array {
    return this.kept.get(row)!;
  }

  private keep(rows: ReadonlyMap<number, Uint8Array>): void {
    for (const [row, bytes] of rows) {
      this.kept.delete(row);
      this.kept.set(row, bytes);
    }
    for (const row of this.kept.keys()) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(row);
    }
  }
}
