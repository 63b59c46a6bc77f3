// A file whose hash was promised is parsed before it is hashed: its header decides what is read. What was read for that is kept, and
// given again when the whole file passes by to be hashed, so that what is hashed is what was parsed, whatever a server sends twice.
import type { NamedSource } from "./byte-source.js";

interface Kept {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Remembers every read of a part of the file; a read of all of it gives those parts back. */
export function remembering(file: NamedSource): NamedSource {
  let kept: Kept[] = [];

  async function* readPart(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = start;
    for await (const bytes of readKnown(start, end, signal)) {
      kept.push({ start: at, bytes: bytes.slice() });
      at += bytes.length;
      yield bytes;
    }
    kept = kept.sort((a, b) => a.start - b.start).filter(({ start: own }, i) => i === 0 || own !== kept[i - 1]!.start);
  }

  /** Parts that are known come from memory, all others from the file. */
  async function* readKnown(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end;) {
      const known = kept.find((each) => each.start <= at && at < each.start + each.bytes.length);
      if (known) {
        const bytes = known.bytes.subarray(at - known.start, end - known.start);
        at += bytes.length;
        yield bytes;
        continue;
      }
      const next = Math.min(end, ...kept.map((each) => each.start).filter((other) => other > at));
      for await (const bytes of file.read(at, next, signal)) {
        at += bytes.length;
        yield bytes;
      }
    }
  }

  return {
    name: file.name,
    size: file.size,
    sha256: file.sha256,
    version: file.version,
    identity: file.identity,
    isLocal: file.isLocal,
    get keptBytes() {
      return file.keptBytes;
    },
    get forwardOnly() {
      return file.forwardOnly;
    },
    close: () => file.close(),
    read: (start, end, signal) =>
      start === 0 && end === file.size ? readKnown(start, end, signal) : readPart(start, end, signal),
  };
}
