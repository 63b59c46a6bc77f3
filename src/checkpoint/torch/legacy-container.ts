// pytorch_model.bin as torch wrote it before 1.6: five pickles one after another, then the storages, each behind its count.
import { CheckpointError, quote, UnsupportedError } from "../../errors.js";
import type { Preface } from "../byte-plan.js";
import type { Pages } from "../pages.js";
import type { TensorEntry } from "../tensor-entry.js";
import { isAllowed } from "./names.js";
import { readPickle } from "./pickle.js";
import { UnfinishedPickle } from "./pickle-bytes.js";
import { PickleDict, type PickleValue } from "./pickle-values.js";
import { entryOf, StateDict, type Storage } from "./state-dict.js";

/** The first pickle, whose bytes tell the container. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/** The pickles of one file; twice 200 bytes a tensor are usual. */
const MAX_PICKLES = 16 << 20;
const FIRST_READ = 128 * 1024;
const COUNT_BYTES = 8;

/** The tensors of a legacy container. */
export async function readLegacyContainer(pages: Pages): Promise<TensorEntry[]> {
  const { name, size } = pages.file;
  const { dict, tensors, keys, end } = await readHead(pages);
  const starts = new Map<Storage, { start: number; preface: Preface | undefined }>();
  let at = end;
  for (const key of keys) {
    const storage = dict.storages.get(key)!;
    const start = at + COUNT_BYTES;
    if (start + storage.count * storage.type.bytes > size)
      throw new CheckpointError(`${name}: the storage ${key} ends beyond the file of ${size} bytes`);
    const preface = { start: at, end: start, check: (bytes: Uint8Array) => checkCount(name, storage, bytes) };
    const isHere = pages.has(at, start);
    if (isHere) preface.check(await pages.read(at, start));
    starts.set(storage, { start, preface: isHere ? undefined : preface });
    at = start + storage.count * storage.type.bytes;
  }
  if (at !== size) throw new CheckpointError(`${name}: its storages end at byte ${at}, the file has ${size} bytes`);
  return tensors.flatMap((tensor) => {
    const { start, preface } = starts.get(tensor.storage)!;
    return entryOf(tensor, name, start, preface) ?? [];
  });
}

type Head = ReturnType<typeof parseHead>;

/** The pickles tell nowhere how long they are: more is read until they end. */
async function readHead(pages: Pages): Promise<Head> {
  const { name, size } = pages.file;
  for (let length = Math.min(size, FIRST_READ); ; length = Math.min(size, 4 * length)) {
    const bytes = await pages.read(0, length);
    try {
      return parseHead(name, bytes);
    } catch (error) {
      if (!(error instanceof UnfinishedPickle) || length === size) throw error;
      if (length >= MAX_PICKLES) throw new CheckpointError(`${name}: more than ${MAX_PICKLES} bytes of pickles`);
    }
  }
}

function parseHead(name: string, bytes: Uint8Array) {
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = readPickle(name, bytes, at, isAllowed);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw new CheckpointError(`${name}: is a pickle, but not of PyTorch`);
  const version = next();
  if (version !== VERSION) {
    const told = typeof version === "number" ? version : "of another kind";
    throw new UnsupportedError(`${name}: version ${told} of PyTorch's older format is not supported`);
  }
  const system = next();
  if (!(system instanceof PickleDict)) throw new CheckpointError(`${name}: does not tell the system it was written on`);
  if (system.entries.get("little_endian") === false)
    throw new UnsupportedError(`${name}: big-endian numbers are not supported`);
  const dict = new StateDict(name, 6);
  const tensors = dict.tensors(next());
  return { dict, tensors, keys: keysOf(name, next(), dict), end: at };
}

/** The keys of the storages in the order of their bytes: each of the state dict's, once. */
function keysOf(name: string, value: PickleValue, { storages }: StateDict): string[] {
  const keys = Array.isArray(value) ? value : [];
  const known = new Set<string>();
  for (const key of keys) {
    if (typeof key !== "string" || !storages.has(key) || known.has(key)) {
      const told = typeof key === "string" ? quote(key) : "what is no text";
      throw new CheckpointError(
        `${name}: its list of storages names ${told}, which no tensor does or which is there twice`,
      );
    }
    known.add(key);
  }
  const missing = [...storages.keys()].find((key) => !known.has(key));
  if (missing !== undefined || keys.length === 0)
    throw new CheckpointError(`${name}: its list of storages lacks ${missing ?? "all of them"}`);
  return [...known];
}

function checkCount(name: string, { key, count }: Storage, bytes: Uint8Array): void {
  const told = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigInt64(0, true);
  if (told !== BigInt(count))
    throw new CheckpointError(
      `${name}: the storage ${quote(key)} says ${told.toString()} elements, its pickle ${count}`,
    );
}
