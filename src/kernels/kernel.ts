// What a kernel is: a name, named operands, a shape rule, and the dispatch that computes it on a device.
// Everything here is plain data and pure functions, so that kernels are testable without a GPU.
import type { Shader } from "./shader.js";

/**
 * How weights may lie on the GPU beside f32. Each ends with one f32 a column, by which its sums are multiplied (weights.ts):
 * - f16, bf16: two bytes an element, the file's own numbers
 * - q8: a signed byte an element
 * - q4: four bits an element less 8, and an f16 scale for every block of Q4_BLOCK rows of a column
 */
export type PackedType = "f16" | "bf16" | "q8" | "q4";

/** Element types of tensors on the GPU. Buffers of f32 are read as vec4f, so the last axis of f32 matrices is a multiple of 4. */
export type DType = "f32" | "u32" | PackedType;

/** Rows of a column that share a scale in q4: the usual size (GGUF's q4_0, ONNX's MatMulNBits). */
export const Q4_BLOCK = 32;

/** Shape and element type of a tensor. */
export interface TensorType {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DType;
}

/** Plain data about a device, so that kernels can choose without touching WebGPU. */
export interface Capabilities {
  /** Lanes of a subgroup; 0 when subgroups are absent or their size is neither constant nor to be asked for. */
  readonly subgroupSize: number;
  /** Whether shaders must ask for that size, as the device has several. */
  readonly subgroupControl?: boolean;
  /** Whether the adapter computes on the CPU: register tiles are then smaller, workgroups few. */
  readonly software: boolean;
  /** Largest workgroup, in threads. */
  readonly workgroupThreads: number;
  /** Largest storage binding, in bytes. */
  readonly bindingBytes: number;
  /** Most workgroups along one axis. */
  readonly workgroupsPerDimension: number;
  /** As GPUAdapterInfo has it; empty where it says nothing. */
  readonly vendor: string;
  /** As GPUAdapterInfo has it; empty where it says nothing. */
  readonly architecture: string;
  /** As `hasManyRegisters` found when the vendor was known, where it has been taken away: sizes of tiles must stay. */
  readonly manyRegisters?: boolean;
}

const MANY_REGISTERS = /^(amd|4098|nvidia|4318|apple|4203|qualcomm|20803)$/;

/** Whether a tile of 4 × 4 scores and all that goes with it fits a thread's registers. On Intel 14 to 43 values a round would spill. */
export function hasManyRegisters({ vendor, manyRegisters }: Capabilities): boolean {
  return manyRegisters ?? MANY_REGISTERS.test(vendor);
}

/** One element of type `T` for every name in `Names`. */
export type Each<Names extends readonly string[], T> = { readonly [K in keyof Names]: T };

/** What one dispatch computes and how. Operands have names, in binding order; the result is binding 0. */
export interface Kernel<Names extends readonly string[] = readonly string[], Attrs extends object = object> {
  /** Shown in plans, profiles and errors. */
  readonly name: string;
  /** Names of the operands, in binding order from 1. */
  readonly operands: Names;
  /** The operand that may be of a packed type, where there is one. */
  readonly packs?: Names[number];
  /** Result type for these operands. Throws, naming the operand that does not fit. */
  result(inputs: Each<Names, TensorType>, attrs: Attrs): TensorType;
  /** Shader variant, parameters and grid for these operands on this device. */
  dispatch(inputs: Each<Names, TensorType>, attrs: Attrs, device: Capabilities): Dispatch;
}

/** One dispatch, ready to be encoded. */
export interface Dispatch {
  /** The WGSL with its variant's constants and functions. */
  readonly shader: Shader;
  /** The WGSL struct Params, by field name. */
  readonly params: Readonly<Record<string, number>>;
  /** The grid. */
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** For profiles and benches. */
  readonly work: {
    /** Floating point operations. */
    readonly flops: number;
    /** Bytes that must be read and written at least once. */
    readonly bytes: number;
  };
  /** Where a kernel has several bodies: the one chosen, in words. */
  readonly plan?: string;
}

/** A tensor of f32. */
export function f32(...shape: readonly number[]): TensorType {
  return { shape, dtype: "f32" };
}

/** A tensor of u32: ids and tables. */
export function u32(...shape: readonly number[]): TensorType {
  return { shape, dtype: "u32" };
}

/** Number of elements. */
export function elements({ shape }: TensorType): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of a buffer that holds the tensor, the scales of packed types included. */
export function byteLength(type: TensorType): number {
  const [count, columns] = [elements(type), lastOf(type)];
  switch (type.dtype) {
    case "f32":
    case "u32":
      return 4 * count;
    case "f16":
    case "bf16":
      return 2 * count + 4 * columns;
    case "q8":
      return count + 4 * columns;
    case "q4":
      return count / 2 + 2 * columns * Math.ceil(rowsOf(type) / Q4_BLOCK) + 4 * columns;
  }
}

/** Size of the last axis. */
export function lastOf({ shape }: TensorType): number {
  return shape[shape.length - 1] ?? 1;
}

/** Number of rows: the product of all axes but the last. */
export function rowsOf(type: TensorType): number {
  return elements(type) / Math.max(1, lastOf(type));
}

/** Rounds up to a multiple: the padded size of an axis whose elements are read as vec4f is `padded(n, 4)`. */
export function padded(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}

/** Throws unless the operand has this element type and shape; null stands for any size. */
export function expectShape(
  kernel: string,
  operand: string,
  type: TensorType,
  dtype: DType,
  shape: readonly (number | null)[],
): void {
  const fits =
    type.dtype === dtype &&
    type.shape.length === shape.length &&
    shape.every((size, axis) => size === null || size === type.shape[axis]);
  if (fits) return;
  const wanted = shape.map((size) => size ?? "*").join(", ");
  throw new RangeError(
    `${kernel}: ${operand} is ${type.dtype} [${type.shape.join(", ")}], expected ${dtype} [${wanted}]`,
  );
}

/** Throws unless the size is a multiple of four, which vec4f reads need. */
export function expectVec4(kernel: string, what: string, size: number): void {
  if (size % 4 !== 0) throw new RangeError(`${kernel}: ${what} is ${size}, expected a multiple of 4`);
}
