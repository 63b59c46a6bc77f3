// pytorch_model.bin as torch has written it since 1.6: a zip archive with a pickle, and an entry for each storage.
import { CheckpointError, quote, UnsupportedError } from "../../errors.js";
import type { Preface } from "../byte-plan.js";
import type { Pages } from "../pages.js";
import type { TensorEntry } from "../tensor-entry.js";
import { isAllowed } from "./names.js";
import { readPickle } from "./pickle.js";
import { entryOf, StateDict, type Storage, type StoredTensor } from "./state-dict.js";
import { checkLocalHeader, LOCAL_BYTES, readZip, SIZES_BEHIND, type ZipEntry } from "./zip.js";

/** 200 bytes a tensor is usual. */
const MAX_PICKLE = 16 << 20;
const MAX_VERSION = 10;
/** torch lets data begin at multiples of this. */
const ALIGNMENT = 64;
/** Behind the data: a signature, a checksum and two sizes, of 32 or of 64 bits. */
const BEHIND = [16, 24];
/** A storage of this size is worth a look at its local header before it is streamed: rows of a word table are read alone. */
const LARGE = 16 << 20;
/** The two lengths in a local header have 16 bits, but torch's names and padding are short. */
const MAX_LOCAL = 4096;

/** Where a storage begins; unread so far, the local header before it is checked when it comes by. */
interface Place {
  readonly start: number;
  readonly preface: Preface | undefined;
}

/** The tensors of a zip container. */
export async function readZipContainer(pages: Pages): Promise<TensorEntry[]> {
  const { name } = pages.file;
  const archive = await Archive.open(pages);
  const { value } = readPickle(name, await archive.whole("data.pkl", MAX_PICKLE), 0, isAllowed);
  const dict = new StateDict(name, 5);
  const tensors = dict.tensors(value);
  const firstOf = new Map<Storage, StoredTensor>();
  for (const tensor of tensors) if (!firstOf.has(tensor.storage)) firstOf.set(tensor.storage, tensor);
  const places = new Map<Storage, Place>();
  for (const [storage, tensor] of firstOf) {
    const entry = archive.storage(storage, `${name}: tensor ${quote(tensor.name)}`);
    places.set(storage, await archive.place(entry));
  }
  return tensors.flatMap((tensor) => {
    const { start, preface } = places.get(tensor.storage)!;
    return entryOf(tensor, name, start, preface) ?? [];
  });
}

/** The entries below the archive's one folder. */
class Archive {
  private readonly pages: Pages;
  private readonly root: string;
  private readonly entries: ReadonlyMap<string, ZipEntry>;

  private constructor(pages: Pages, root: string, entries: readonly ZipEntry[]) {
    this.pages = pages;
    this.root = root;
    this.entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  static async open(pages: Pages): Promise<Archive> {
    const { name } = pages.file;
    const entries = await readZip(pages);
    const pickles = entries.filter((entry) => /^[^/]+\/data\.pkl$/.test(entry.name));
    if (pickles.length !== 1)
      throw new CheckpointError(`${name}: is a zip archive without a data.pkl, no PyTorch file`);
    const root = pickles[0]!.name.slice(0, -"data.pkl".length);
    const stranger = entries.find((entry) => !entry.name.startsWith(root));
    if (stranger) throw new CheckpointError(`${name}: the entry ${quote(stranger.name)} lies beside ${quote(root)}`);
    const archive = new Archive(pages, root, entries);
    await archive.checkVersion();
    return archive;
  }

  find(name: string): ZipEntry | undefined {
    return this.entries.get(this.root + name);
  }

  async whole(name: string, limit: number): Promise<Uint8Array> {
    const entry = this.find(name)!;
    const file = this.pages.file.name;
    if (entry.size > limit)
      throw new CheckpointError(`${file}: ${entry.name} has ${entry.size} bytes; at most ${limit} are read`);
    const start = await this.readHeader(entry);
    return this.pages.read(start, start + entry.size);
  }

  /** The entry of a storage; `whose` is a tensor that lies in it. */
  storage({ key, count, type }: Storage, whose: string): ZipEntry {
    const entry = this.find(`data/${key}`);
    if (!entry) throw new CheckpointError(`${whose} lies in the entry data/${key}, which is not there`);
    const size = count * type.bytes;
    if (entry.size !== size)
      throw new CheckpointError(`${whose} lies in ${entry.name}, which has ${entry.size} bytes, not ${size}`);
    return entry;
  }

  /**
   * Where an entry's data begins. Its local header says so, but hundreds of them lie all over the file; what stands behind the
   * data, and torch's alignment, usually leave one possibility.
   */
  async place(entry: ZipEntry): Promise<Place> {
    const { header, end, size, flags, nameBytes } = entry;
    const afterHeader = header + LOCAL_BYTES + nameBytes.length;
    const behind = flags & SIZES_BEHIND && size > 0 ? BEHIND : [0];
    const [start, ...others] = behind
      .map((bytes) => end - bytes - size)
      .filter((at) => at >= afterHeader && at % ALIGNMENT === 0);
    const isPlain = start !== undefined && others.length === 0 && start - header <= MAX_LOCAL && size < LARGE;
    if (!isPlain || this.pages.has(header, start)) return { start: await this.readHeader(entry), preface: undefined };
    const check = (bytes: Uint8Array): void => {
      if (checkLocalHeader(this.pages.file.name, entry, bytes) !== start)
        throw new CheckpointError(
          `${this.pages.file.name}: the entry ${quote(entry.name)} does not end where it should`,
        );
    };
    return { start, preface: { start: header, end: start, check } };
  }

  /** Where an entry's data begins, by its local header. */
  private async readHeader(entry: ZipEntry): Promise<number> {
    const { name } = this.pages.file;
    const { header, end, size } = entry;
    const start = checkLocalHeader(name, entry, await this.pages.read(header, Math.min(end, header + MAX_LOCAL)));
    if (start + size > end) throw new CheckpointError(`${name}: the entry ${quote(entry.name)} exceeds its place`);
    return start;
  }

  /** Of the container, and of the bytes in it. */
  private async checkVersion(): Promise<void> {
    const { name } = this.pages.file;
    const text = async (entry: string): Promise<string | undefined> =>
      this.find(entry) && new TextDecoder().decode(await this.whole(entry, 64));
    const version = (await text("version")) ?? (await text(".data/version"));
    const number = /^\s*(\d{1,9})\s*$/.exec(version ?? "")?.[1];
    if (number === undefined) throw new CheckpointError(`${name}: has no version of its format`);
    if (Number(number) > MAX_VERSION || number === "0")
      throw new UnsupportedError(`${name}: version ${number} of the format is not supported`);
    const order = await text("byteorder");
    if (order === "big") throw new UnsupportedError(`${name}: the byteorder "big" is not supported`);
    if (order !== undefined && order !== "little")
      throw new CheckpointError(`${name}: says its byteorder is ${quote(order)}`);
  }
}
