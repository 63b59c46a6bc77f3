// Carries out a byte plan: the bytes of wanted tensors in file order, in small pieces, neighbours in one request.
// Nothing is gathered here, so memory stays bounded whatever the size of a shard.
import type { Folder, NamedSource } from "./byte-source.js";
import { planRanges, type PlannedRange, type Preface, type Span, type View } from "./byte-plan.js";
import { openFolder } from "./folder.js";
import type { Digest } from "./integrity.js";
import type { Phase, Step } from "./progress.js";
import { openPresent } from "./read-whole.js";
import { bytesToRead, readView } from "./views.js";

/** How bytes are streamed. */
export interface StreamOptions {
  /** Stops the stream, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each chunk, file by file: `loaded` never falls, and reaches `total`, the bytes that are read of the file. */
  readonly onProgress?: ((step: Step) => void) | undefined;
  /** Told first, how many bytes of each file will be read. */
  readonly onPlan?: ((bytes: ReadonlyMap<string, number>) => void) | undefined;
  /** What progress reports call this step; "weights" by default. */
  readonly phase?: Phase;
}

/** Bytes of a wanted span, beginning `offset` bytes after its start; of a view, after its first element in order. */
export interface Piece<Part extends Span> {
  /** The span that the bytes belong to: the object that was given. */
  readonly entry: Part;
  /** Bytes between the span's start and this piece. */
  readonly offset: number;
  /** At most 1 MiB. */
  readonly bytes: Uint8Array;
}

/** No piece is larger, however large the chunks of a source are. */
const MAX_PIECE = 1 << 20;

/**
 * Streams tensors, or any other spans of files: each from its first byte to its last, in the order of the files; of each file
 * its views last. An empty tensor gives nothing. A file with a promised hash (`integrity`) is read as a whole, and checked
 * before the stream ends.
 * @throws CheckpointError when bytes are missing or damaged; rejects with the signal's reason on abort
 */
export async function* stream<Part extends Span>(
  entries: readonly Part[],
  folder: Folder,
  { signal, onProgress, onPlan, phase = "weights" }: StreamOptions = {},
): AsyncGenerator<Piece<Part>, void, undefined> {
  const opened = await openFolder(folder);
  const wanted = entries.filter(({ start, end }) => end > start);
  const views = wanted.filter((entry): entry is Part & { view: View } => entry.view !== undefined);
  const plain = wanted.filter(({ view }) => view === undefined);
  const ranges = planRanges<Part | PrefaceSpan>([...prefacesOf(wanted), ...plain]);
  try {
    const plans: FilePlan<Part>[] = [];
    for (const name of new Set(wanted.map(({ file }) => file))) {
      const file = await openPresent(opened, name);
      const own = ranges.filter((range) => range.file === name);
      const whole = { file: name, start: 0, end: file.size, parts: own.flatMap(({ parts }) => parts) };
      const plan = file.sha256 === undefined ? own : [whole];
      const ownViews = views.filter((entry) => entry.file === name);
      const viewed = ownViews.reduce((sum, { view }) => sum + bytesToRead(view), 0);
      const total = plan.reduce((sum, { start, end }) => sum + end - start, viewed);
      plans.push({ file, plan, views: ownViews, total });
    }
    onPlan?.(new Map(plans.map(({ file, total }) => [file.name, total])));
    for (const { file, plan, views: ownViews, total } of plans) {
      const { name, sha256 } = file;
      const digest = sha256 === undefined ? undefined : (await import("./integrity.js")).startSha256(); // rarely asked for
      let loaded = 0;
      const advance = (bytes: number): void => onProgress?.({ file: name, loaded: (loaded += bytes), total, phase });
      advance(0);
      for (const range of plan) yield* checked(readPieces(file, range, { signal, digest, advance }));
      for (const entry of ownViews) yield* piecesOfView(file, entry, { signal, advance });
      if (sha256 !== undefined) digest?.check(name, sha256);
      file.close();
    }
  } finally {
    opened.close();
  }
}

/** What will be read of a file. */
interface FilePlan<Part extends Span> {
  readonly file: NamedSource;
  readonly plan: readonly PlannedRange<Part | PrefaceSpan>[];
  readonly views: readonly (Part & { readonly view: View })[];
  readonly total: number;
}

async function* piecesOfView<Part extends Span & { readonly view: View }>(
  file: NamedSource,
  entry: Part,
  options: Parameters<typeof readView>[2],
): AsyncGenerator<Piece<Part>, void, undefined> {
  let offset = 0;
  for await (const block of readView(file, entry, options)) {
    for (let at = 0; at < block.length; at += MAX_PIECE)
      yield { entry, offset: offset + at, bytes: block.subarray(at, at + MAX_PIECE) };
    offset += block.length;
  }
}

/** The bytes in front of an entry, wanted only to be checked. */
interface PrefaceSpan extends Span {
  readonly check: Preface["check"];
  readonly bytes: Uint8Array;
}

/** Each preface once, though tied weights share it. */
function prefacesOf(entries: readonly Span[]): PrefaceSpan[] {
  const spans = new Map<Preface, PrefaceSpan>();
  for (const { file, preface } of entries) {
    if (!preface || spans.has(preface)) continue;
    const { start, end } = preface;
    spans.set(preface, {
      file,
      start,
      end,
      check: (bytes) => preface.check(bytes),
      bytes: new Uint8Array(end - start),
    });
  }
  return [...spans.values()];
}

/** Keeps prefaces back, and checks each when it is whole: before the first byte of what it precedes. */
async function* checked<Part extends Span>(
  pieces: AsyncIterable<Piece<Part | PrefaceSpan>>,
): AsyncGenerator<Piece<Part>, void, undefined> {
  for await (const piece of pieces) {
    if (!("check" in piece.entry)) {
      yield piece as Piece<Part>;
      continue;
    }
    const { bytes, check } = piece.entry;
    bytes.set(piece.bytes, piece.offset);
    if (piece.offset + piece.bytes.length === bytes.length) check(bytes);
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
    yield* cut(parts, next, position, bytes);
    position += bytes.length;
    options.advance?.(bytes.length);
  }
}

/** The pieces of a chunk whose first byte is `position` of the file; parts are sorted by where they begin. */
function* cut<Part extends Span>(
  parts: readonly Part[],
  from: number,
  position: number,
  bytes: Uint8Array,
): Generator<Piece<Part>> {
  const chunkEnd = position + bytes.length;
  for (let i = from; i < parts.length && parts[i]!.start < chunkEnd; i++) {
    const entry = parts[i]!;
    const end = Math.min(entry.end, chunkEnd);
    for (let at = Math.max(entry.start, position); at < end; at += MAX_PIECE) {
      const piece = bytes.subarray(at - position, Math.min(end, at + MAX_PIECE) - position);
      yield { entry, offset: at - entry.start, bytes: piece };
    }
  }
}
