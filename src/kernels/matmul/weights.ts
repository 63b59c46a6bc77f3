// How a product reads its weights: one WGSL file for each type they may lie in, with the same two functions, loadW and rescaled.
import { byteLength, type Capabilities, type DType, lastOf, type TensorType } from "../kernel.js";
import bf16 from "./weights-bf16.wgsl?raw";
import f16 from "./weights-f16.wgsl?raw";
import f32 from "./weights-f32.wgsl?raw";
import q4 from "./weights-q4.wgsl?raw";
import q8 from "./weights-q8.wgsl?raw";

const SOURCES: Readonly<Partial<Record<DType, string>>> = { f32, f16, bf16, q8, q4 };

const factors = (widened: string, narrowed: string): string => `
fn widened(weights: vec4f) -> vec4f { return ${widened}; }
fn narrowed(sum: vec4f) -> vec4f { return ${narrowed}; }`;

/**
 * From RDNA3 on multiply-adds come in pairs, but not those of a half: a factor, exact in f32, makes compilers for it convert a weight
 * once instead of in each product. At 128×768×768 that is 73 instead of 44 % of peak there; elsewhere it would cost 2 to 7 %.
 */
const PAIRS = /^rdna-[3-9]/;

/** The WGSL that reads weights of this type on a device. */
export function weightsSource({ dtype }: TensorType, { architecture }: Capabilities): string {
  if (dtype !== "f16") return SOURCES[dtype]!;
  return f16 + (PAIRS.test(architecture) ? factors("2.0 * weights", "0.5 * sum") : factors("weights", "sum"));
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
