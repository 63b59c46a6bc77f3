// Carries out a byte plan: the bytes of wanted tensors in file order, in small pieces, neighbours in one request.
// Nothing is gathered here, so memory stays bounded whatever the size of a shard.
import type { Folder, NamedSource } from "./byte-source.js";
import { planRanges, type PlannedRange, type Span } from "./byte-plan.js";
import { openFolder } from "./folder.js";
import { startSha256, type Digest } from "./integrity.js";
import type { Phase, Step } from "./progress.js";
import { openPresent } from "./read-whole.js";

/** How bytes are streamed. */
export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after each chunk, file by file: `loaded` never falls, and reaches `total`, the bytes that are read of the file. */
  readonly onProgress?: ((step: Step) => void) | undefined;
  /** Told first, how many bytes of each file will be read. */
  readonly onPlan?: ((bytes: ReadonlyMap<string, number>) => void) | undefined;
  /** What progress reports call this step; "weights" by default. */
  readonly phase?: Phase;
}

/** Bytes of a wanted span, beginning `offset` bytes after its start. */
export interface Piece<Part extends Span> {
  readonly entry: Part;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** No piece is larger, however large the chunks of a source are. */
const MAX_PIECE = 1 << 20;

/**
 * Streams tensors, or any other spans of files: each from its first byte to its last, in the order of the files. An empty
 * tensor gives nothing. A file with a promised hash (`integrity`) is read as a whole, and checked before the stream ends.
 * @throws CheckpointError when bytes are missing or damaged; rejects with the signal's reason on abort
 */
export async function* stream<Part extends Span>(
  entries: readonly Part[],
  folder: Folder,
  { signal, onProgress, onPlan, phase = "weights" }: StreamOptions = {},
): AsyncGenerator<Piece<Part>, void, undefined> {
  const opened = await openFolder(folder);
  const ranges = planRanges(entries);
  try {
    const plans: { file: NamedSource; plan: PlannedRange<Part>[]; total: number }[] = [];
    for (const name of new Set(ranges.map((range) => range.file))) {
      const file = await openPresent(opened, name);
      const own = ranges.filter((range) => range.file === name);
      const whole = { file: name, start: 0, end: file.size, parts: own.flatMap(({ parts }) => parts) };
      const plan = file.sha256 === undefined ? own : [whole];
      plans.push({ file, plan, total: plan.reduce((sum, { start, end }) => sum + end - start, 0) });
    }
    onPlan?.(new Map(plans.map(({ file, total }) => [file.name, total])));
    for (const { file, plan, total } of plans) {
      const { name, sha256 } = file;
      const digest = sha256 === undefined ? undefined : startSha256();
      let loaded = 0;
      const advance = (bytes: number): void => onProgress?.({ file: name, loaded: (loaded += bytes), total, phase });
      advance(0);
      for (const range of plan) yield* readPieces(file, range, { signal, digest, advance });
      if (sha256 !== undefined) digest?.check(name, sha256);
      file.close();
    }
  } finally {
    opened.close();
  }
}

/** The pieces of one planned range; `advance` is told of every byte read, gaps included. */
export async function* readPieces<Part extends Span>(
  file: NamedSource,
  { start, end, parts }: PlannedRange<Part>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly digest?: Digest | undefined;
    readonly advance?: (bytes: number) => void;
  },
): AsyncGenerator<Piece<Part>, void, undefined> {
  let position = start;
  let next = 0; // parts before this one have been given
  for await (const bytes of file.read(start, end, options.signal)) {
    options.digest?.update(bytes);
    while (next < parts.length && parts[next]!.end <= position) next++;
    yield* cut(parts.slice(next), position, bytes);
    position += bytes.length;
    options.advance?.(bytes.length);
  }
}

/** The pieces of a chunk whose first byte is `position` of the file; parts are sorted by where they begin. */
function* cut<Part extends Span>(parts: readonly Part[], position: number, bytes: Uint8Array): Generator<Piece<Part>> {
  const chunkEnd = position + bytes.length;
  for (const entry of parts) {
    if (entry.start >= chunkEnd) break;
    const end = Math.min(entry.end, chunkEnd);
    for (let at = Math.max(entry.start, position); at < end; at += MAX_PIECE) {
      const piece = bytes.subarray(at - position, Math.min(end, at + MAX_PIECE) - position);
      yield { entry, offset: at - entry.start, bytes: piece };
    }
  }
}
