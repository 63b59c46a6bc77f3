// The conv layer's convolution over neighbouring tokens of one sequence (nGiE), with activation and row mask.
// Groups are a matter of the packed weight, which holds zeros between them: no public checkpoint has more than one.
import type { Activation } from "./activation.js";
import { expectShape, type Kernel, lastOf, rowsOf, type TensorType } from "./kernel.js";
import type { MatmulPlan } from "./matmul/plan.js";
import { dispatchProduct } from "./matmul/product.js";
import { expectWeights } from "./matmul/weights.js";
import wgsl from "./conv1d.wgsl?raw";

/** Number of taps (odd) and the activation. */
export interface Conv1dAttrs {
  /** Odd. */
  readonly taps: number;
  /** Applied last. */
  readonly activation: Activation;
}

const EPILOGUE = `fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum); }`;
// Masked tokens are set to zero before the activation (Transformers' ConvLayer), which need not keep zero.
const MASKED = `@group(0) @binding(5) var<storage, read> keepRows: array<f32>;
fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum * keepRows[row]); }`;

function make<const Names extends readonly string[]>(
  name: string,
  operands: Names,
  plan?: MatmulPlan,
): Kernel<Names, Conv1dAttrs> {
  const masked = operands.includes("keepRows");
  return {
    name,
    operands,
    packs: "w",
    result(inputs: readonly TensorType[], { taps }) {
      const [x, w, bias, bounds, keepRows] = inputs;
      if (taps % 2 !== 1) throw new RangeError(`${name}: taps is ${taps}, expected an odd number`);
      const D = lastOf(x!);
      expectWeights(name, w!, taps * D, D);
      expectShape(name, "bias", bias!, "f32", [D]);
      expectShape(name, "bounds", bounds!, "u32", [rowsOf(x!), 2]);
      if (masked) expectShape(name, "keepRows", keepRows!, "f32", [rowsOf(x!)]);
      return x!;
    },
    dispatch(inputs: readonly TensorType[], { taps, activation }, device) {
      const D = lastOf(inputs[0]!);
      return dispatchProduct(
        {
          rows: rowsOf(inputs[0]!),
          inner: D,
          taps,
          columns: [0, D],
          weights: inputs[1]!,
          place: { width: D, from: 0 },
          activation,
          functions: [wgsl, masked ? MASKED : EPILOGUE],
          file: "conv1d.wgsl",
        },
        device,
        plan,
      );
    },
  };
}

/** y = activation(conv(x) + bias): x, y [T, D], w [taps·D, D] in f32 or packed, bias [D] f32; bounds [T, 2] u32 first and end row of each row's sequence. */
export const conv1d: Kernel<readonly ["x", "w", "bias", "bounds"], Conv1dAttrs> = make("conv1d", [
  "x",
  "w",
  "bias",
  "bounds",
]);

/** conv1d by a given body and tile: see matmulAs. */
export function conv1dAs(plan: MatmulPlan): typeof conv1d {
  return make("conv1d", ["x", "w", "bias", "bounds"], plan);
}

/** y = activation((conv(x) + bias) · keepRows): keepRows [T] f32 of 0 or 1. */
export const maskedConv1d: Kernel<readonly ["x", "w", "bias", "bounds", "keepRows"], Conv1dAttrs> = make(
  "maskedConv1d",
  ["x", "w", "bias", "bounds", "keepRows"],
);
