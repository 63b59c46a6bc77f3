// What a float64 twin of a kernel is.
import type { TensorType } from "../../kernels/kernel.js";

export interface Tensor {
  readonly type: TensorType;
  readonly data: ArrayLike<number>;
}

/** Operands by name; an operand that a kernel does not have reads as undefined. */
export type Operands = Readonly<Record<string, Tensor>>;

/** Writes the result into `y`, which holds the value that the node updates in place, or NaN. */
export type Twin<Attrs> = (operands: Operands, attrs: Attrs, y: Float64Array) => void;
