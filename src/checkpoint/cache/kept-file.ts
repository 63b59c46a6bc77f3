// A file of a server, some or all of whose bytes are kept: reads take what is here from the store, and the rest from the server,
// keeping it as it comes by. A file that is nearly whole is completed when nothing else is read, and then hashed where the hub
// told its hash.
import type { ByteSource, NamedSource } from "../byte-source.js";
import { looksLike } from "../look-alike.js";
import { type Held, takeLock } from "./locks.js";
import { PART_BYTES, type Part, type Parts } from "./parts.js";

/** Parts that are read before they are asked for. */
const AHEAD = 4;
/** A read shorter than this, away from both ends of a file, is of single rows: thousands of tiny parts would come of them. */
const CRUMB = 16 * 1024;
const ENDS = 64 * 1024;
/** Whether another tab has stopped keeping a file, and what it has kept, is looked after this often, in milliseconds. */
const TRY_AGAIN = 150;
/** A tab that keeps nothing new for so long is not waited for. */
const PATIENCE = 2_000;
/** So long nothing is read before others may write, and before a file is completed, in milliseconds. */
const IDLE = 300;
const COMPLETE_AFTER = 2_000;
/** A file that lacks more than this share of its bytes is not completed. */
const MOST_LACKING = 1 / 4;

/** What becomes of a file while it is read. */
export interface Keeping {
  /** False when nothing more can be kept. */
  readonly mayKeep: boolean;
  /** Nothing of it may be kept: it is an error page, or its hash is wrong. */
  refuse(why: "look" | "hash" | "changed"): Promise<void>;
  /** Nothing can be kept here. */
  giveUp(error: unknown): Promise<void>;
  /** Whether all that was read is kept, and all that there is. */
  settled(settled: boolean, whole: boolean): Promise<void>;
  becameVerified(): Promise<void>;
}

export class KeptFile implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #room: string;
  readonly #parts: Parts;
  readonly #remote: NamedSource;
  readonly #keeping: Keeping;
  #readers = 0;
  /** While somebody reads, and a little longer: nobody removes what is read. */
  #use: Promise<Held | undefined> | undefined;
  /** From the first byte that is kept: nobody else keeps the same. */
  #write: Held | undefined;
  #nextTry = 0;
  #mayWait = true;
  #isRefused = false;
  /** Nobody who reads has stopped before the end. */
  #isWanted = true;
  #completing: AbortController | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #isSettled: boolean;
  #sha256: string | undefined;

  /** @param sha256 in hexadecimal: what its bytes are to hash to, where they have not been hashed yet */
  constructor(
    room: string,
    parts: Parts,
    remote: NamedSource,
    keeping: Keeping,
    { isSettled, sha256 }: { readonly isSettled: boolean; readonly sha256: string | undefined },
  ) {
    this.name = remote.name;
    this.size = parts.size;
    this.#room = room;
    this.#parts = parts;
    this.#remote = remote;
    this.#keeping = keeping;
    this.#isSettled = isSettled;
    this.#sha256 = sha256;
  }

  /** Bytes that are kept. */
  get keptBytes(): number {
    return this.#parts.gaps().reduce((sum, gap) => sum - (gap.end - gap.start), this.size);
  }

  async *read(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#stopCompleting();
    this.#readers++;
    let isAtEnd = false;
    this.#use ??= takeLock(`use ${this.#room}`, { mode: "shared" });
    try {
      await this.#use;
      for (let at = start; at < end;) {
        if (!this.#parts.at(at)) await this.#waitForOther(at, signal);
        if (!this.#parts.at(at)) this.#noteSettled(false);
        const bytes = this.#parts.at(at)
          ? this.#readKept(at, end)
          : this.#fetch(at, Math.min(end, this.#parts.nextStart(at)), signal);
        for await (const chunk of bytes) {
          at += chunk.length;
          yield chunk;
        }
      }
      isAtEnd = true;
    } finally {
      this.#isWanted &&= isAtEnd;
      if (--this.#readers === 0) this.#rest();
    }
  }

  /** Parts that lie one after another, up to the first that is not here. */
  async *#readKept(start: number, end: number): AsyncGenerator<Uint8Array> {
    const coming: { readonly part: Part; readonly bytes: Promise<Uint8Array | undefined> }[] = [];
    let asked = start;
    for (let at = start; at < end;) {
      for (let part; coming.length < AHEAD && asked < end && (part = this.#parts.at(asked)); asked = part.end)
        coming.push({ part, bytes: this.#parts.read(part) });
      const next = coming.shift();
      const bytes = await next?.bytes;
      if (!next || !bytes) return;
      yield bytes.subarray(at - next.part.start, end - next.part.start);
      at = next.part.end;
    }
  }

  async *#fetch(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const isCrumb = end - start < CRUMB && start >= ENDS && end <= this.size - ENDS;
    let writer: PartWriter | undefined;
    try {
      let at = start;
      for await (const bytes of this.#remote.read(start, end, signal)) {
        if (at === 0 && looksLike(bytes) !== undefined) await this.#refuse("look");
        if (!isCrumb && (await this.#mayWrite()))
          await this.#keep((writer ??= new PartWriter(this.#parts, at)).add(bytes));
        at += bytes.length;
        yield bytes;
      }
    } catch (error) {
      if ((error as { reason?: unknown } | null)?.reason === "changed") await this.#refuse("changed");
      throw error;
    } finally {
      if (writer && (await this.#mayWrite())) await this.#keep(writer.end());
    }
  }

  /** Whether bytes can be kept: there is room, and nobody else keeps this file now. */
  async #mayWrite(): Promise<boolean> {
    if (this.#isRefused || this.#write?.isLost || !this.#keeping.mayKeep) return false;
    if (this.#write) return true;
    const now = performance.now();
    if (now < this.#nextTry) return false;
    const isFirstTry = this.#nextTry === 0;
    this.#nextTry = now + TRY_AGAIN;
    const held = await takeLock(`write ${this.#room}`, { ifAvailable: true });
    if (!held) return false;
    if (!isFirstTry) await this.#parts.look().catch(() => undefined); // what the other has kept
    this.#write = held;
    return true;
  }

  /** Where another tab is fetching this file: until it has kept a byte, or it gets no further. */
  async #waitForOther(position: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#keeping.mayKeep || this.#isRefused) return;
    let [lacking, since] = [Infinity, performance.now()];
    while (this.#mayWait && !(await this.#mayWrite())) {
      signal?.throwIfAborted();
      await this.#parts.look().catch(() => undefined);
      if (this.#parts.at(position)) return;
      const now = this.size - this.keptBytes;
      if (now < lacking) [lacking, since] = [now, performance.now()];
      this.#mayWait = performance.now() - since < PATIENCE && !this.#write?.isLost;
      if (this.#mayWait) await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN));
    }
  }

  async #keep(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      await this.#keeping.giveUp(error);
    }
  }

  async #refuse(why: "look" | "hash" | "changed"): Promise<void> {
    if (this.#isRefused) return;
    this.#isRefused = true;
    await this.#keeping.refuse(why);
  }

  /** Nobody reads now. */
  #rest(): void {
    if (this.#isWanted) this.#noteSettled(true);
    clearTimeout(this.#idle);
    const release = (): void => {
      void this.#use?.then((held) => held?.letGo());
      this.#use = undefined;
      this.#write?.letGo();
      this.#write = undefined;
    };
    const complete = (): void => {
      const { signal } = (this.#completing = new AbortController());
      void this.#complete(signal)
        .catch(() => undefined)
        .finally(() => signal.aborted || release());
    };
    this.#idle = setTimeout(() => {
      release();
      if (this.#isWanted) this.#idle = setTimeout(complete, COMPLETE_AFTER);
    }, IDLE);
  }

  #stopCompleting(): void {
    clearTimeout(this.#idle);
    this.#completing?.abort();
  }

  #noteSettled(isSettled: boolean): void {
    if (this.#isRefused || !this.#keeping.mayKeep || isSettled === this.#isSettled) return;
    this.#isSettled = isSettled;
    void this.#keeping.settled(isSettled, this.#parts.gaps().length === 0);
  }

  async #complete(signal: AbortSignal): Promise<void> {
    const lacking = this.#parts.gaps();
    const isFar = this.size - this.keptBytes > this.size * MOST_LACKING;
    if (lacking.length > 0) {
      if (isFar || this.#remote.forwardOnly || !(await this.#mayWrite())) return;
      for (const { start, end } of lacking)
        for await (const bytes of this.#fetch(start, end, signal)) if (bytes.length > 0) signal.throwIfAborted();
      await this.#keeping.settled(true, this.#parts.gaps().length === 0);
    }
    if (this.#sha256 !== undefined && this.#parts.gaps().length === 0) await this.#verify(this.#sha256, signal);
  }

  /** Hashes all bytes, a little at a time. */
  async #verify(expected: string, signal: AbortSignal): Promise<void> {
    const digest = (await import("../integrity.js")).startSha256();
    for (let at = 0; at < this.size;) {
      const part = this.#parts.at(at);
      const bytes = part && (await this.#parts.read(part));
      if (!bytes) return;
      digest.update(bytes.subarray(at - part.start));
      at = part.end;
      await breath();
      signal.throwIfAborted();
    }
    this.#sha256 = undefined;
    if (digest.hex() === expected) await this.#keeping.becameVerified();
    else await this.#refuse("hash");
  }
}

/** Lets everything else go first. */
const breath = (): Promise<void> =>
  new Promise((resolve) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => resolve(), { timeout: 1000 });
    else setTimeout(resolve, 10);
  });

/** Gathers bytes to parts; one is written while the next is gathered, never more. */
class PartWriter {
  readonly #parts: Parts;
  readonly #gathered: Uint8Array<ArrayBuffer> = new Uint8Array(PART_BYTES);
  #start: number;
  #filled = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(parts: Parts, start: number) {
    this.#parts = parts;
    this.#start = start;
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + PART_BYTES - this.#filled);
      this.#gathered.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === PART_BYTES) await this.#write();
    }
  }

  /** Writes what is left, and waits for all of it. */
  async end(): Promise<void> {
    if (this.#filled > 0) await this.#write();
    await this.#written;
  }

  async #write(): Promise<void> {
    await this.#written;
    const bytes = this.#gathered.slice(0, this.#filled);
    this.#written = this.#parts.write(this.#start, bytes);
    this.#written.catch(() => undefined); // whoever comes next hears of it
    this.#start += this.#filled;
    this.#filled = 0;
  }
}
