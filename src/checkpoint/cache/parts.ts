// The bytes of one file that are kept: parts as they came, each a blob whose name tells which bytes it holds. Small enough that a tab
// which is killed loses little of what it had fetched.
import type { Store } from "./store.js";

/** Bytes [start, end) of the file. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** At most this many bytes are in a part, and as many wait to be one: what is lost when the page is killed. */
export const PART_BYTES: number = 256 * 1024;

const nameOf = ({ start, end }: Part): string => `${start}-${end}`;

export class Parts {
  readonly size: number;
  readonly #store: Store;
  readonly #room: string;
  /** Sorted; none lies within another, so that their ends rise, too. */
  #parts: Part[] = [];

  private constructor(store: Store, room: string, size: number) {
    this.#store = store;
    this.#room = room;
    this.size = size;
  }

  /** Finds what is kept of a file. A page that was killed may have left a name without bytes, as the last of a run. */
  static async open(store: Store, room: string, size: number): Promise<Parts> {
    const parts = new Parts(store, room, size);
    await parts.look();
    const last = parts.#parts.filter((part, i) => parts.#parts[i + 1]?.start !== part.end);
    await Promise.all(last.map((part) => parts.#blobOf(part)));
    return parts;
  }

  /** Finds what others have written. */
  async look(): Promise<void> {
    this.#parts = withoutCovered(partsOf(await this.#store.names(this.#room), this.size));
  }

  /** The part that holds a byte; undefined where none does. */
  at(position: number): Part | undefined {
    const part = this.#parts[this.#indexOf(position)];
    return part && part.start <= position ? part : undefined;
  }

  /** Where the next part after a byte that none holds begins; the file's end when none does. */
  nextStart(position: number): number {
    return this.#parts[this.#indexOf(position)]?.start ?? this.size;
  }

  /** What no part holds. */
  gaps(): Part[] {
    const gaps: Part[] = [];
    let at = 0;
    for (const { start, end } of [...this.#parts, { start: this.size, end: this.size }]) {
      if (start > at) gaps.push({ start: at, end: start });
      at = end;
    }
    return gaps;
  }

  /** The bytes of a part; undefined, and the part is forgotten, when they are not here any more. */
  async read(part: Part): Promise<Uint8Array | undefined> {
    try {
      const buffer = await (await this.#blobOf(part))?.arrayBuffer();
      return buffer && new Uint8Array(buffer);
    } catch {
      this.#lose(part);
      return undefined;
    }
  }

  /** Keeps bytes that lie at `start` of the file. */
  async write(start: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const part = { start, end: start + bytes.length };
    await this.#store.write(this.#room, nameOf(part), bytes);
    this.#parts = withoutCovered([...this.#parts, part]);
  }

  async #blobOf(part: Part): Promise<Blob | undefined> {
    const blob = await this.#store.read(this.#room, nameOf(part)).catch(() => undefined);
    if (blob?.size === part.end - part.start) return blob;
    this.#lose(part);
    return undefined;
  }

  /** Dropped by the browser or by another tab. */
  #lose(part: Part): void {
    this.#parts = this.#parts.filter((each) => each !== part);
  }

  /** The first part that ends after a byte. */
  #indexOf(position: number): number {
    let [low, high] = [0, this.#parts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#parts[middle]!.end > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** What the names in a room tell; others are a crash's left-overs. */
export function partsOf(names: readonly string[], size: number = Infinity): Part[] {
  return names.flatMap((name) => {
    const [, start, end] = /^(\d{1,15})-(\d{1,15})$/.exec(name) ?? [];
    const part = { start: Number(start), end: Number(end) };
    return part.start < part.end && part.end <= size ? [part] : [];
  });
}

/** Sorted, and without those that lie within others. */
export function withoutCovered(parts: readonly Part[]): Part[] {
  let end = 0;
  return [...parts]
    .sort((a, b) => a.start - b.start || b.end - a.end)
    .filter((part) => {
      const isNew = part.end > end;
      if (isNew) end = part.end;
      return isNew;
    });
}
