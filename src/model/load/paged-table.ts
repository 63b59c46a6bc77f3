// A table in memory, in pages that are allocated as their bytes arrive: a table that is half here takes half the room, and no
// allocation is as large as a file says.
import type { Span } from "../../checkpoint/byte-plan.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";
import { HostTable, type RowReader } from "./embeddings.js";

/** About so many bytes make a page; it holds whole rows. */
const PAGE = 1 << 20;

export class PagedTable extends HostTable {
  readonly prompt: Span | undefined = this.entry;
  readonly whole: Promise<void> = Promise.resolve();
  private pages: Uint8Array[] = [];
  private readonly pageRows: number;

  constructor(entry: WeightEntry) {
    super(entry);
    this.pageRows = Math.max(1, Math.floor(PAGE / this.rowBytes));
  }

  get byteLength(): number {
    return this.pages.reduce((sum, page) => sum + page.length, 0);
  }

  write(offset: number, bytes: Uint8Array): void {
    const pageBytes = this.pageRows * this.rowBytes;
    const total = this.rows * this.rowBytes;
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor((offset + at) / pageBytes);
      const inPage = offset + at - index * pageBytes;
      const page = (this.pages[index] ??= new Uint8Array(Math.min(pageBytes, total - index * pageBytes)));
      const count = Math.min(bytes.length - at, page.length - inPage);
      page.set(bytes.subarray(at, at + count), inPage);
      at += count;
    }
  }

  reader(rows: Iterable<number>, signal?: AbortSignal): Promise<RowReader>;
  reader(): Promise<RowReader> {
    return Promise.resolve(this);
  }

  free(reason: Error): void;
  free(): void {
    this.pages = [];
  }

  protected bytesOf(row: number): Uint8Array {
    const start = (row % this.pageRows) * this.rowBytes;
    return this.pages[Math.floor(row / this.pageRows)]!.subarray(start, start + this.rowBytes);
  }
}
