// The list of a zip archive's entries, as torch writes archives: stored, never compressed. Only the list at the end of the
// file is read; local headers, whose sizes torch leaves 0, are checked against it where they are met.
// Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { CheckpointError, quote, UnsupportedError } from "../../errors.js";
import type { Pages } from "../pages.js";

/** An entry: its local header begins at `header`, `size` bytes of data follow that header somewhere before `end`. */
export interface ZipEntry {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly size: number;
  readonly flags: number;
  readonly header: number;
  /** Where the next entry, or the list, begins. */
  readonly end: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const LISTED = 0x02014b50;
const LISTED_BYTES = 46;
const LOCAL = 0x04034b50;
export const LOCAL_BYTES = 30;
const MAX_COMMENT = 65_535;
/** The list of 100 000 entries with long names. */
const MAX_LIST = 32 << 20;

/** Sizes are not in the local header but behind the data. */
export const SIZES_BEHIND = 8;
const ENCRYPTED = 1 | 64 | 8192;

interface ListPlace {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/**
 * Reads the list of a zip archive.
 * @returns its entries in the order of the file
 * @throws CheckpointError when it is damaged; UnsupportedError for compressed or encrypted entries
 */
export async function readZip(pages: Pages): Promise<ZipEntry[]> {
  const { name } = pages.file;
  const place = await findList(pages);
  if (place.end - place.start > MAX_LIST)
    throw new CheckpointError(
      `${name}: its zip list has ${place.end - place.start} bytes; at most ${MAX_LIST} are read`,
    );
  const entries = parseList(name, await pages.read(place.start, place.end), place);
  const seen = new Set<string>();
  for (const entry of entries) {
    if (seen.has(entry.name)) throw new CheckpointError(`${name}: the entry ${quote(entry.name)} is there twice`);
    seen.add(entry.name);
    if (entry.header + LOCAL_BYTES + entry.nameBytes.length + entry.size > entry.end)
      throw new CheckpointError(`${name}: the entry ${quote(entry.name)} exceeds its place in the file`);
  }
  return entries;
}

/** A whole local header, and where the data behind it begins. */
export function checkLocalHeader(file: string, entry: ZipEntry, bytes: Uint8Array): number {
  const wrong = (): CheckpointError =>
    new CheckpointError(`${file}: the entry ${quote(entry.name)} does not begin where the archive's list says`);
  if (bytes.length < LOCAL_BYTES) throw wrong();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const nameLength = view.getUint16(26, true);
  const name = bytes.subarray(LOCAL_BYTES, LOCAL_BYTES + nameLength);
  const sameName = name.length === entry.nameBytes.length && name.every((byte, i) => byte === entry.nameBytes[i]);
  if (view.getUint32(0, true) !== LOCAL || view.getUint16(8, true) !== 0 || !sameName) throw wrong();
  return entry.header + LOCAL_BYTES + nameLength + view.getUint16(28, true);
}

async function findList(pages: Pages): Promise<ListPlace> {
  const { name, size } = pages.file;
  const wrong = (what: string): CheckpointError =>
    new CheckpointError(`${name}: ${what} (a zip archive ends with its list)`);
  const from = Math.max(0, size - END_BYTES - MAX_COMMENT);
  const bytes = await pages.read(from, size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = bytes.length - END_BYTES;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === END && at + END_BYTES + view.getUint16(at + 20, true) === bytes.length)
  )
    at--;
  if (at < 0) throw wrong("is cut short");
  const disks = [view.getUint16(at + 4, true), view.getUint16(at + 6, true)];
  const short = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    start: view.getUint32(at + 16, true),
  };
  if (disks.some((disk) => disk !== 0 && disk !== 0xffff) || view.getUint16(at + 8, true) !== short.count)
    throw wrong("is one of several parts");
  const end = from + at;
  const long = await readEnd64(pages, end, short, wrong);
  const { start, size: length, count } = long ?? short;
  if (start + length !== (long?.at ?? end)) throw wrong(`its list of ${length} bytes does not end where it should`);
  return { start, end: start + length, count };
}

/** The 64-bit record, which torch writes for small files too; undefined when there is none. */
async function readEnd64(
  pages: Pages,
  end: number,
  short: { readonly count: number; readonly size: number; readonly start: number },
  wrong: (what: string) => CheckpointError,
): Promise<{ at: number; count: number; size: number; start: number } | undefined> {
  const isNeeded = short.count === 0xffff || short.size === 0xffffffff || short.start === 0xffffffff;
  const locatorAt = end - LOCATOR_BYTES;
  const locator = locatorAt >= 0 ? viewOf(await pages.read(locatorAt, end)) : undefined;
  if (locator?.getUint32(0, true) !== LOCATOR) {
    if (isNeeded) throw wrong("lacks the 64-bit record of its list");
    return undefined;
  }
  const at = locatorAt - END64_BYTES;
  if (at < 0 || locator.getBigUint64(8, true) !== BigInt(at))
    throw wrong("has the 64-bit record of its list elsewhere");
  const record = viewOf(await pages.read(at, locatorAt));
  if (record.getUint32(0, true) !== END64 || record.getBigUint64(4, true) !== BigInt(END64_BYTES - 12))
    throw wrong("has a damaged 64-bit record of its list");
  const [here, count, size, start] = [24, 32, 40, 48].map((offset) => Number(record.getBigUint64(offset, true))) as [
    number,
    number,
    number,
    number,
  ];
  const agrees = (narrow: number, wide: number, full: number): boolean => narrow === full || narrow === wide;
  const same =
    here === count &&
    agrees(short.count, count, 0xffff) &&
    agrees(short.size, size, 0xffffffff) &&
    agrees(short.start, start, 0xffffffff);
  if (!same) throw wrong("tells two things of its list");
  return { at, count, size, start };
}

function parseList(file: string, bytes: Uint8Array, place: ListPlace): ZipEntry[] {
  const view = viewOf(bytes);
  const wrong = (what: string): CheckpointError => new CheckpointError(`${file}: ${what}`);
  const entries: { name: string; nameBytes: Uint8Array; size: number; flags: number; header: number }[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + LISTED_BYTES > bytes.length || view.getUint32(at, true) !== LISTED) throw wrong("the zip list is damaged");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const nameAt = at + LISTED_BYTES;
    const extraAt = nameAt + nameLength;
    const next = extraAt + extraLength + commentLength;
    if (next > bytes.length) throw wrong("the zip list is cut short");
    const nameBytes = bytes.slice(nameAt, extraAt);
    const name = nameOf(file, nameBytes);
    const flags = view.getUint16(at + 8, true);
    if (flags & ENCRYPTED) throw new UnsupportedError(`${file}: the entry ${quote(name)} is encrypted`);
    if (view.getUint16(at + 10, true) !== 0)
      throw new UnsupportedError(`${file}: the entry ${quote(name)} is compressed`);
    const sizes = {
      size: view.getUint32(at + 24, true),
      packed: view.getUint32(at + 20, true),
      header: view.getUint32(at + 42, true),
    };
    const { size, packed, header } = widen(sizes, bytes.subarray(extraAt, extraAt + extraLength), () =>
      wrong(`the entry ${quote(name)} has a damaged 64-bit size`),
    );
    if (size !== packed) throw wrong(`the entry ${quote(name)} has two sizes, ${size} and ${packed}`);
    if (header + LOCAL_BYTES + nameLength + size > place.start)
      throw wrong(`the entry ${quote(name)} lies outside the file`);
    entries.push({ name, nameBytes, size, flags, header });
    at = next;
  }
  if (entries.length !== place.count)
    throw wrong(`the zip list says ${place.count} entries, ${entries.length} are there`);
  entries.sort((a, b) => a.header - b.header);
  return entries.map((entry, i) => ({ ...entry, end: entries[i + 1]?.header ?? place.start }));
}

/** Those of the three numbers that 32 bits did not hold stand in the extra field of id 1, in this order. */
function widen(
  numbers: { size: number; packed: number; header: number },
  extra: Uint8Array,
  wrong: () => CheckpointError,
): { size: number; packed: number; header: number } {
  const wide = { ...numbers };
  const missing = (["size", "packed", "header"] as const).filter((key) => numbers[key] === 0xffffffff);
  const view = viewOf(extra);
  let found = false;
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (at + 4 + length > extra.length) throw wrong();
    if (view.getUint16(at, true) === 1 && missing.length > 0) {
      if (found || length < 8 * missing.length) throw wrong();
      found = true;
      for (const [i, key] of missing.entries()) wide[key] = Number(view.getBigUint64(at + 4 + 8 * i, true));
    }
    at += 4 + length;
  }
  if (missing.length > 0 && !found) throw wrong();
  return wide;
}

/** A name must stay within the archive, though nothing is ever unpacked to it. */
function nameOf(file: string, bytes: Uint8Array): string {
  const name = new TextDecoder().decode(bytes);
  const isPlain = name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (!isPlain || /[\\\0:]/.test(name)) throw new CheckpointError(`${file}: has an entry with the name ${quote(name)}`);
  return name;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
