// How a product reads its weights: one WGSL file for each type they may lie in, with the same two functions, loadW and rescaled.
import { byteLength, type DType, lastOf, type TensorType } from "../kernel.js";
import bf16 from "./weights-bf16.wgsl?raw";
import f16 from "./weights-f16.wgsl?raw";
import f32 from "./weights-f32.wgsl?raw";
import q4 from "./weights-q4.wgsl?raw";
import q8 from "./weights-q8.wgsl?raw";

const SOURCES: Readonly<Partial<Record<DType, string>>> = { f32, f16, bf16, q8, q4 };

/** The WGSL that reads weights of this type. */
export function weightsSource({ dtype }: TensorType): string {
  return SOURCES[dtype]!;
}

/** Throws unless w is a matrix [inner, *] in a type that weights may have. */
export function expectWeights(kernel: string, w: TensorType, inner: number, columns: number | null = null): void {
  const [rows, width] = w.shape;
  if (w.dtype in SOURCES && w.shape.length === 2 && rows === inner && (columns === null || width === columns)) return;
  throw new RangeError(
    `${kernel}: w is ${w.dtype} [${w.shape.join(", ")}], expected f32 or a packed type [${inner}, ${columns ?? "*"}]`,
  );
}

/** Bytes of the columns [from, to) of w. */
export function weightBytes(w: TensorType, [from, to]: readonly [number, number]): number {
  return (byteLength(w) / lastOf(w)) * (to - from);
}
