// A word table that is still on its way when the model is ready: over half of a v3-base's bytes. It comes in the order of the file,
// whatever the texts are, so that who serves it learns nothing about them; a text waits until the rows up to its highest id
// are here. Ids are ordered by frequency, so most texts wait for a small part. The last rows, where added tokens like [MASK] lie,
// come with the weights.
import type { Span } from "../../checkpoint/byte-plan.js";
import type { ModelFolder } from "../../checkpoint/folder.js";
import { openPresent } from "../../checkpoint/read-whole.js";
import { systemClock } from "../../checkpoint/retry.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";
import { abortable } from "../../checkpoint/signals.js";
import { CheckpointError } from "../../errors.js";
import type { RowReader } from "./embeddings.js";
import { PagedTable } from "./paged-table.js";

/** Added tokens lie behind the pieces: at most some hundred rows before the end of the published tables. */
const LAST_ROWS = 1024;
/** A download that broke, after all attempts of its own, is taken up again after so long, then twice as long. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

interface Waiter {
  /** Bytes from the start that must be here. */
  readonly bytes: number;
  /** Waits through failures that may pass. */
  readonly patient: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

export class LateTable extends PagedTable {
  override readonly prompt: Span;
  override readonly whole: Promise<void>;
  /** Bytes that come late: all rows but the last ones. */
  readonly lateBytes: number;
  private readonly folder: ModelFolder;
  private arrived = 0;
  private failure: Error | undefined;
  private waiters: Waiter[] = [];
  private readonly end = new AbortController();

  constructor(entry: WeightEntry, folder: ModelFolder) {
    super(entry);
    this.folder = folder;
    this.lateBytes = Math.max(0, this.rows - LAST_ROWS) * this.rowBytes;
    this.prompt = { file: entry.file, start: entry.start + this.lateBytes, end: entry.end };
    this.whole = this.until(this.lateBytes, true);
    this.whole.catch(() => undefined); // nobody need listen
  }

  /** Waits for the file's order to reach the highest row; asks for nothing. Rejects when an attempt to go on fails meanwhile. */
  override async reader(rows: Iterable<number>, signal?: AbortSignal): Promise<RowReader> {
    let bytes = 0;
    for (const row of rows) {
      const end = (row + 1) * this.rowBytes;
      if (end > bytes && end <= this.lateBytes) bytes = end;
    }
    if (bytes > this.arrived) await abortable(this.until(bytes, false), signal);
    return this;
  }

  /** Brings the table, row after row, and goes on after every failure that may pass. */
  async fill(): Promise<void> {
    const { signal } = this.end;
    for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
      const before = this.arrived;
      try {
        await this.readOn();
        return;
      } catch (error) {
        if (error instanceof CheckpointError && ["changed", "mismatch"].includes(error.reason)) {
          this.fail(error);
          return;
        }
        this.rejectTexts(error);
        if (this.arrived > before) pause = FIRST_PAUSE;
        await systemClock.wait(pause, signal);
      }
    }
  }

  override free(reason: Error): void {
    this.fail(reason);
    this.end.abort(reason);
    super.free(reason);
  }

  private async readOn(): Promise<void> {
    const { entry, folder, lateBytes } = this;
    const file = await openPresent(folder, entry.file);
    const progress = (): void =>
      folder.progress.tell({ file: entry.file, loaded: this.arrived, total: lateBytes, phase: "rows" });
    progress();
    for await (const bytes of file.read(entry.start + this.arrived, entry.start + lateBytes, this.end.signal)) {
      this.write(this.arrived, bytes);
      this.arrived += bytes.length;
      progress();
      const here = this.waiters.filter((waiter) => waiter.bytes <= this.arrived);
      this.waiters = this.waiters.filter((waiter) => waiter.bytes > this.arrived);
      for (const waiter of here) waiter.resolve();
    }
  }

  private until(bytes: number, patient: boolean): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.waiters.push({ bytes, patient, resolve, reject }));
  }

  /** Texts hear of a failure, and may be given again; the table itself goes on. */
  private rejectTexts(error: unknown): void {
    const texts = this.waiters.filter(({ patient }) => !patient);
    this.waiters = this.waiters.filter(({ patient }) => patient);
    for (const waiter of texts) waiter.reject(error);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    const all = this.waiters;
    this.waiters = [];
    for (const waiter of all) waiter.reject(error);
  }
}
