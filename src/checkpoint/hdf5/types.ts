// What HDF5 says of values: their sizes along each axis, and what an element is.
import { UnsupportedError } from "../../errors.js";
import type { FileDType } from "../tensor-entry.js";
import type { Hdf5File } from "./file.js";

const MAX_RANK = 32;

/** The sizes of a dataspace; a scalar has none. */
export function readShape(file: Hdf5File, bytes: DataView, of: string): number[] {
  const version = bytes.byteLength >= 4 ? bytes.getUint8(0) : 0;
  if (version !== 1 && version !== 2) throw file.wrong(`${of} has no shape`);
  const rank = bytes.getUint8(1);
  if (version === 2 && bytes.getUint8(3) === 2) return [0]; // "null": no elements at all
  if (rank > MAX_RANK) throw file.wrong(`${of} has ${rank} axes`);
  const start = version === 1 ? 8 : 4;
  return Array.from({ length: rank }, (_, axis) => file.size(bytes, start + 8 * axis, of));
}

/** An element of a dataset or an attribute. */
export interface ElementType {
  readonly kind: "number" | "text" | "textElsewhere" | "other";
  readonly dtype?: FileDType | undefined;
  readonly bytes: number;
}

/** IEEE numbers, by their bytes: where exponent and mantissa lie, their bits, and the exponent's bias. */
const FLOATS: ReadonlyMap<number, readonly [dtype: FileDType, ...layout: number[]]> = new Map([
  [2, ["F16", 10, 5, 0, 10, 15]],
  [4, ["F32", 23, 8, 0, 23, 127]],
  [8, ["F64", 52, 11, 0, 52, 1023]],
]);

/** @throws UnsupportedError for numbers of the other byte order */
export function readType(file: Hdf5File, bytes: DataView, of: string): ElementType {
  if (bytes.byteLength < 8) throw file.wrong(`${of} has no type`);
  const kind = bytes.getUint8(0) & 15;
  const bits = bytes.getUint8(1);
  const size = bytes.getUint32(4, true);
  if (kind === 3) return { kind: "text", bytes: size };
  if (kind === 9 && (bits & 15) === 1) return { kind: "textElsewhere", bytes: size };
  if (kind > 1) return { kind: "other", bytes: size };
  if ((bits & 1) !== 0 || (kind === 1 && (bits & 64) !== 0))
    throw new UnsupportedError(`${file.name}: ${of} has big-endian numbers, which are not supported`);
  return { kind: "number", dtype: kind === 0 ? integer(size, (bits & 8) !== 0) : float(bytes, size), bytes: size };
}

function integer(size: number, isSigned: boolean): FileDType | undefined {
  const unsigned = ({ 1: "U8", 2: "U16", 4: "U32", 8: "U64" } as const)[size];
  const signed = ({ 1: "I8", 2: "I16", 4: "I32", 8: "I64" } as const)[size];
  return isSigned ? signed : unsigned;
}

function float(bytes: DataView, size: number): FileDType | undefined {
  const [dtype, ...layout] = FLOATS.get(size) ?? [];
  if (!dtype || bytes.byteLength < 20) return undefined;
  const told = [12, 13, 14, 15].map((at) => bytes.getUint8(at));
  const isPlain = bytes.getUint16(8, true) === 0 && bytes.getUint16(10, true) === 8 * size;
  return isPlain && [...told, bytes.getUint32(16, true)].every((value, i) => value === layout[i]) ? dtype : undefined;
}
