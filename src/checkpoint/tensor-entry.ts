// One tensor of a checkpoint, whatever container it lies in: the bytes of a file that hold it, and how its elements lie there.
import type { Span } from "./byte-plan.js";

const DTYPE_BITS = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
} as const;

/** An element type in safetensors' spelling. */
export type FileDType = keyof typeof DTYPE_BITS;

/** Bits of an element by the type's name. */
export const BITS_OF: ReadonlyMap<unknown, number> = new Map(Object.entries(DTYPE_BITS));

/** Where a tensor lies: bytes [start, end) of a file of the folder, little-endian, row-major where it has no `view`. */
export interface TensorEntry extends Span {
  /** The tensor's name in its file. */
  readonly name: string;
  /** In safetensors' spelling, whatever the container. */
  readonly dtype: FileDType;
  /** Sizes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The file's name in its folder. */
  readonly file: string;
  /** First byte in the file. */
  readonly start: number;
  /** The byte after its last. */
  readonly end: number;
}

/** More tensors than any checkpoint has, all of its shards together. */
export const MAX_TENSORS = 100_000;
/** A longer name of a tensor is refused. */
export const MAX_NAME = 65_536;

/** Product of the sizes; undefined when it is beyond 2⁵³ on the way (even if a later 0 would hide it). */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    if (size > 0 && count > Number.MAX_SAFE_INTEGER / size) return undefined;
    count *= size;
  }
  return count;
}

/** A shape for messages: "[2, 3]", cut where a hostile file gives thousands of sizes. */
export function showShape(shape: readonly number[]): string {
  return `[${shape.slice(0, 16).join(", ")}${shape.length > 16 ? ", …" : ""}]`;
}

/** Bytes of a tensor; undefined when the count overflows or is no whole number. */
export function bytesOfShape(shape: readonly number[], bits: number): number | undefined {
  const count = elementCount(shape);
  if (count === undefined || count > Number.MAX_SAFE_INTEGER / bits) return undefined;
  return (count * bits) % 8 === 0 ? (count * bits) / 8 : undefined;
}
