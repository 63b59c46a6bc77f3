// A dataset of an HDF5 file: where its elements lie. One piece in row-major order is read, which is what Keras writes; chunks,
// filters (compression) and data in other files are refused by name.
import { quote, UnsupportedError } from "../../errors.js";
import { bytesOfShape, type TensorEntry } from "../tensor-entry.js";
import { type Hdf5File, type Message, MESSAGE } from "./file.js";
import { readShape, readType } from "./types.js";

const FILTERS: ReadonlyMap<number, string> = new Map([
  [1, "gzip"],
  [2, "shuffle"],
  [3, "fletcher32"],
  [4, "szip"],
  [5, "nbit"],
  [6, "scaleoffset"],
  [32000, "lzf"],
]);

const LAYOUT_VERSION = 3;
const COMPACT = 0;
const CONTIGUOUS = 1;

/** Whether an object is a dataset; otherwise it is a group. */
export const isDataset = (messages: readonly Message[]): boolean =>
  messages.some(({ type }) => type === MESSAGE.layout);

/** The tensor that a dataset holds. */
export function readDataset(file: Hdf5File, name: string, messages: readonly Message[]): TensorEntry {
  const of = `dataset ${quote(name)}`;
  const message = (type: number): DataView | undefined => messages.find((each) => each.type === type)?.bytes;
  const unsupported = (what: string): UnsupportedError =>
    new UnsupportedError(`${file.name}: ${of} ${what}, which is not supported`);
  const [space, type, layout] = [MESSAGE.dataspace, MESSAGE.datatype, MESSAGE.layout].map(message);
  if (!space || !type || !layout || layout.byteLength < 4) throw file.wrong(`${of} does not say where its data lie`);
  if (message(MESSAGE.externalFiles)) throw unsupported("has its data in other files");
  const filters = message(MESSAGE.filters);
  if (filters) throw unsupported(`is packed (${filterNames(filters)})`);
  const element = readType(file, type, of);
  if (element.dtype === undefined) throw unsupported("has elements that are no usual numbers");
  const shape = readShape(file, space, of);
  const bytes = bytesOfShape(shape, 8 * element.bytes);
  if (bytes === undefined) throw file.wrong(`${of} of shape [${shape.join(", ")}] has an impossible size`);
  if (layout.getUint8(0) !== LAYOUT_VERSION) throw unsupported(`has a layout of version ${layout.getUint8(0)}`);
  const { start, length } = placeOf(file, layout, messages, of, unsupported);
  if (length !== bytes) throw file.wrong(`${of} of shape [${shape.join(", ")}] takes ${bytes} bytes, not ${length}`);
  if (start + length > file.end) throw file.wrong(`${of} reaches beyond the end of the file`);
  return { name, dtype: element.dtype, shape, file: file.name, start, end: start + length };
}

function placeOf(
  file: Hdf5File,
  layout: DataView,
  messages: readonly Message[],
  of: string,
  unsupported: (what: string) => UnsupportedError,
): { start: number; length: number } {
  const kind = layout.getUint8(1);
  if (kind === COMPACT) {
    const { address } = messages.find(({ type }) => type === MESSAGE.layout)!;
    return { start: address + 4, length: layout.getUint16(2, true) };
  }
  if (kind !== CONTIGUOUS) throw unsupported("lies in chunks");
  const length = file.size(layout, 10, of);
  return { start: length === 0 ? 0 : file.address(layout, 2, `the data of ${of}`), length };
}

function filterNames(bytes: DataView): string {
  const version = bytes.getUint8(0);
  const names: string[] = [];
  for (let at = version === 1 ? 8 : 2; at + 8 <= bytes.byteLength && names.length < bytes.getUint8(1);) {
    const id = bytes.getUint16(at, true);
    names.push(FILTERS.get(id) ?? `filter ${id}`);
    const isNamed = version === 1 || id >= 256;
    const values = bytes.getUint16(at + (isNamed ? 6 : 4), true);
    const nameLength = isNamed ? 8 * Math.ceil(bytes.getUint16(at + 2, true) / 8) : 0;
    at += (isNamed ? 8 : 6) + nameLength + 4 * (values + (version === 1 ? values % 2 : 0));
  }
  return names.join(", ") || "by filters";
}
