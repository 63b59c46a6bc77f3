// Small reads all over a file, in pages: what is asked for at about the same time is fetched in the order of the file,
// neighbours in one request, and kept. For the tables of contents of containers, whose parts lie between the data.
import { readRange, type NamedSource } from "./byte-source.js";

const PAGE = 64 * 1024;
/** Pages that are kept: 8 MiB. */
const KEPT = 128;
/** A longer stretch is read by itself, and not kept. */
const MOST_PAGED = 16 * PAGE;
/** Requests at a time; browsers allow six to a host. */
const LANES = 4;

/** A file whose bytes are read in pages. */
export class Pages {
  readonly file: NamedSource;
  private readonly signal: AbortSignal | undefined;
  private readonly kept = new Map<number, Promise<Uint8Array>>();
  private turn: Promise<void> = Promise.resolve();
  private wanted: { page: number; resolve: (bytes: Uint8Array) => void; reject: (reason: unknown) => void }[] = [];

  constructor(file: NamedSource, signal: AbortSignal | undefined) {
    this.file = file;
    this.signal = signal;
  }

  /** Bytes [start, end), which the caller has checked to lie in the file. Not to be written to. */
  async read(start: number, end: number): Promise<Uint8Array> {
    if (end - start > MOST_PAGED) return readRange(this.file, start, end, this.signal);
    const first = Math.floor(start / PAGE);
    const last = Math.max(first, Math.ceil(end / PAGE) - 1);
    if (first === last) return (await this.page(first)).subarray(start - first * PAGE, end - first * PAGE);
    const all = new Uint8Array(end - start);
    const pages = Array.from({ length: last - first + 1 }, (_, i) => this.page(first + i));
    for (const [i, page] of (await Promise.all(pages)).entries()) {
      const from = (first + i) * PAGE;
      all.set(page.subarray(Math.max(0, start - from), end - from), Math.max(0, from - start));
    }
    return all;
  }

  /** Whether bytes [start, end) are here already. */
  has(start: number, end: number): boolean {
    for (let page = Math.floor(start / PAGE); page * PAGE < end; page++) if (!this.kept.has(page)) return false;
    return true;
  }

  private page(page: number): Promise<Uint8Array> {
    const kept = this.kept.get(page);
    if (kept) {
      this.kept.delete(page); // to the end: the longest unused goes first
      this.kept.set(page, kept);
      return kept;
    }
    const bytes = new Promise<Uint8Array>((resolve, reject) => {
      this.wanted.push({ page, resolve, reject });
      if (this.wanted.length === 1) queueMicrotask(() => this.startFetch());
    });
    this.kept.set(page, bytes);
    bytes.catch(() => this.kept.delete(page));
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!);
    return bytes;
  }

  /** A server without ranges sends one body: what is wanted meanwhile waits, so that reading on is one download. */
  private startFetch(): void {
    if (this.file.forwardOnly) this.turn = this.turn.then(() => this.fetch());
    else void this.fetch();
  }

  /** Fetches all pages that are wanted by now. */
  private async fetch(): Promise<void> {
    const wanted = this.wanted.sort((a, b) => a.page - b.page);
    this.wanted = [];
    const runs: (typeof wanted)[] = [];
    for (const each of wanted) {
      const run = runs.at(-1);
      if (run?.at(-1)?.page === each.page - 1) run.push(each);
      else runs.push([each]);
    }
    const lane = async (): Promise<void> => {
      for (let run; (run = runs.shift());) {
        const start = run[0]!.page * PAGE;
        const end = Math.min(this.file.size, (run.at(-1)!.page + 1) * PAGE);
        try {
          const bytes = await readRange(this.file, start, end, this.signal);
          run.forEach(({ resolve }, i) => resolve(bytes.subarray(i * PAGE, (i + 1) * PAGE)));
        } catch (error) {
          for (const { reject } of run) reject(error);
        }
      }
    };
    await Promise.all(Array.from({ length: this.file.forwardOnly ? 1 : LANES }, lane));
  }
}
