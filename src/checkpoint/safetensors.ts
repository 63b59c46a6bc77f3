// The safetensors container: u64 header length, a JSON header, then the tensors' bytes one after another. The header is
// believed only after every check below: what it says decides what is allocated and read later.
// Format: https://github.com/huggingface/safetensors#format
import { CheckpointError, quote } from "../errors.js";
import { isObject, show } from "../json.js";
import { readRange, type NamedSource } from "./byte-source.js";
import { scanJson } from "./scan-json.js";
import {
  BITS_OF,
  bytesOfShape,
  MAX_NAME,
  MAX_TENSORS,
  showShape,
  type FileDType,
  type TensorEntry,
} from "./tensor-entry.js";

/** The official reader's bound; a header of 400 tensors has about 45 KB. */
const MAX_HEADER = 100_000_000;

/**
 * Reads the header of a safetensors file: its tensors in the order of their bytes.
 * @throws CheckpointError that names the file, and the tensor where one is meant
 */
export async function readSafetensors(file: NamedSource, signal?: AbortSignal): Promise<TensorEntry[]> {
  const { name, size } = file;
  if (size < 8) throw new CheckpointError(`${name}: has ${size} bytes; a safetensors file has at least 8`);
  const prefix = await readRange(file, 0, 8, signal);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > MAX_HEADER) {
    throw new CheckpointError(
      `${name}: says its header has ${length.toString()} bytes; at most ${MAX_HEADER} are read`,
    );
  }
  const dataStart = 8 + Number(length);
  if (dataStart > size) {
    throw new CheckpointError(`${name}: says its header ends at byte ${dataStart}, the file has ${size} bytes`);
  }
  return parseHeader(name, await readRange(file, 8, dataStart, signal), dataStart, size);
}

function parseHeader(file: string, bytes: Uint8Array, dataStart: number, size: number): TensorEntry[] {
  const header = parseJson(file, bytes);
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") checkMetadata(file, value);
    else entries.push(parseEntry(file, name, value, dataStart, size));
  }
  if (entries.length > MAX_TENSORS) {
    throw new CheckpointError(`${file}: holds ${entries.length} tensors; at most ${MAX_TENSORS} are read`);
  }
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCover(file, entries, dataStart, size);
  return entries;
}

function parseJson(file: string, bytes: Uint8Array): object {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`${file}: its header is not JSON in UTF-8 (${String(error)})`, { cause: error });
  }
  if (!isObject(value)) throw new CheckpointError(`${file}: its header is not a JSON object`);
  // What JSON.parse hides: a key given twice, 4.0 or 4e0 for 4, half of a surrogate pair.
  const complaint = scanJson(text, (path) => path[1] === "shape" || path[1] === "data_offsets");
  if (complaint !== undefined) throw new CheckpointError(`${file}: in its header, ${complaint}`);
  return value;
}

function checkMetadata(file: string, value: unknown): void {
  if (value === null) return;
  if (!isObject(value) || !Object.values(value).every((each) => typeof each === "string")) {
    throw new CheckpointError(`${file}: __metadata__ is not an object of strings`);
  }
}

function parseEntry(file: string, name: string, value: unknown, dataStart: number, size: number): TensorEntry {
  const wrong = (what: string): CheckpointError => new CheckpointError(`${file}: tensor ${quote(name)} ${what}`);
  if (name.length > MAX_NAME) throw wrong(`has a name of ${name.length} characters`);
  if (!isObject(value)) throw wrong("is not described by an object");
  const { dtype, shape, data_offsets: offsets }: Partial<Record<string, unknown>> = { ...value };
  const bits = BITS_OF.get(dtype);
  if (bits === undefined) throw wrong(`has the dtype ${show(dtype)}, which safetensors does not define`);
  if (!isSizes(shape)) throw wrong(`has the shape ${show(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) throw wrong(`has the data_offsets ${show(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw wrong(`has data_offsets that run backwards, ${show(offsets)}`);
  if (dataStart + end > size) {
    throw wrong(`ends at byte ${dataStart + end}, the file has ${size} bytes`);
  }
  const needed = bytesOfShape(shape, bits);
  if (needed !== end - begin) {
    const should = needed === undefined ? "no possible number of" : String(needed);
    throw wrong(`of shape ${showShape(shape)} and dtype ${String(dtype)} takes ${should} bytes, not ${end - begin}`);
  }
  return { name, dtype: dtype as FileDType, shape, file, start: dataStart + begin, end: dataStart + end };
}

/** Every byte of the data belongs to exactly one tensor. */
function checkCover(file: string, sorted: readonly TensorEntry[], dataStart: number, size: number): void {
  let covered = dataStart;
  for (const { name, start, end } of sorted) {
    if (start !== covered) {
      const what = start > covered ? "leaves a hole before it" : "overlaps the tensor before it";
      throw new CheckpointError(`${file}: tensor ${quote(name)} ${what} (begins at byte ${start}, not ${covered})`);
    }
    covered = end;
  }
  if (covered !== size) {
    throw new CheckpointError(`${file}: its tensors end at byte ${covered}, the file has ${size} bytes`);
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}
