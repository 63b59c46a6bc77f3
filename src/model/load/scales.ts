// The scales of quantised tensors on their way to the GPU. A file that this package shrank has them right before their integers, so
// that those of one tensor are held at a time; other files may have them later, and then they are read by themselves.
import { byteLengthOf } from "../../checkpoint/byte-plan.js";
import type { ModelFolder } from "../../checkpoint/folder.js";
import { FILE_BYTES, firstNotFinite } from "../../checkpoint/finite.js";
import { floatsOf } from "../../checkpoint/floats.js";
import type { QuantisedEntry, WeightEntry } from "../../checkpoint/quantised.js";
import type { TensorEntry } from "../../checkpoint/shards.js";
import { stream } from "../../checkpoint/stream.js";
import { CheckpointError, UnsupportedError } from "../../errors.js";

export class Scales {
  /** What must be streamed, too. */
  readonly entries: readonly TensorEntry[];
  /** Bytes of the largest. */
  readonly largest: number;
  private readonly folder: ModelFolder;
  private readonly wanted: ReadonlySet<WeightEntry>;
  /** What has arrived and was not asked for yet; whole once `arrived` is its length. */
  private readonly held = new Map<WeightEntry, { readonly bytes: Uint8Array<ArrayBuffer>; arrived: number }>();
  private readonly used = new Set<WeightEntry>();

  constructor(folder: ModelFolder, weights: readonly WeightEntry[]) {
    this.folder = folder;
    this.entries = weights.flatMap((entry) => ("scales" in entry ? [entry.scales] : []));
    this.wanted = new Set(this.entries);
    this.largest = Math.max(0, ...this.entries.map(byteLengthOf));
  }

  /** Takes bytes of any streamed tensor; those of scales are kept. */
  take(entry: WeightEntry, offset: number, bytes: Uint8Array): void {
    if (!this.wanted.has(entry) || this.used.has(entry)) return;
    const held = this.held.get(entry) ?? { bytes: new Uint8Array(byteLengthOf(entry)), arrived: 0 };
    held.bytes.set(bytes, offset);
    held.arrived = offset + bytes.length;
    this.held.set(entry, held);
  }

  /** The scales of a tensor; they are let go when its last piece has them. */
  async of({ scales }: QuantisedEntry): Promise<Uint8Array<ArrayBuffer>> {
    let held = this.held.get(scales);
    if (held?.arrived !== byteLengthOf(scales)) {
      held = { bytes: await readAll(scales, this.folder), arrived: byteLengthOf(scales) };
    }
    if (!this.used.has(scales)) checkFinite(scales, held.bytes);
    this.used.add(scales);
    // A table in row blocks asks again at once; all others are done.
    for (const other of this.held.keys()) if (this.used.has(other)) this.held.delete(other);
    this.held.set(scales, held);
    return held.bytes;
  }
}

/** The scales of a table in 8 bits, one for each row. */
export async function tableScales(
  { name, file, dtype, scales }: QuantisedEntry,
  folder: ModelFolder,
): Promise<Float32Array> {
  if (dtype !== "I8" || scales.shape[1] !== 1)
    throw new UnsupportedError(
      `${file}: ${name} is a table in ${dtype}; tables in 8 bits with a scale for each row are read`,
    );
  const bytes = await readAll(scales, folder);
  checkFinite(scales, bytes);
  return floatsOf(scales.dtype, bytes);
}

async function readAll(entry: TensorEntry, folder: ModelFolder): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(byteLengthOf(entry));
  for await (const { offset, bytes } of stream([entry], folder)) all.set(bytes, offset);
  return all;
}

function checkFinite({ file, name, dtype }: TensorEntry, bytes: Uint8Array): void {
  const bad = firstNotFinite(bytes, dtype, bytes.length / FILE_BYTES[dtype]!);
  if (bad >= 0) throw new CheckpointError(`${file}: ${name} has a NaN or infinite element at index ${bad}`);
}
