// Small layers as the extraction libraries store them: two linear layers with an activation between, and slices of layers over
// several inputs side by side.
import type { Activation } from "../../kernels/activation.js";
import { f32, padded } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import { sumMatmul } from "../../kernels/pair-matmul.js";
import { type PaddedAxis, paddedSize } from "../../kernels/pack-weights.js";
import type { Value } from "../../runtime/graph.js";
import type { Builder, LinearSpec } from "../deberta/layers.js";
import { plainAxis } from "../deberta/sizes.js";

/** Sizes of two layers: in → inner → out. */
export interface MlpSizes {
  readonly input: PaddedAxis;
  readonly inner: number;
  readonly output: number;
  /** Index of the second linear layer: 3 where a dropout takes a place of its own. Default: 3. */
  readonly last?: number;
  /** After the second layer. Default: linear. */
  readonly activation?: Activation;
}

/** Linear, ReLU, Linear: `prefix`.0 and `prefix`.3. */
export function mlp(b: Builder, name: string, x: Value, prefix: string, sizes: MlpSizes): Value {
  const { input, inner, output, last = 3, activation = "linear" } = sizes;
  const middle = plainAxis(inner);
  return b.graph.scope(name, () => {
    const wide = b.linear("inner", x, { prefix: `${prefix}.0`, input, output: middle }, { activation: "relu" });
    const spec = { prefix: `${prefix}.${last}`, input: middle, output: plainAxis(output) };
    return b.linear("outer", wide, spec, { activation });
  });
}

/** An axis of several vectors of one size side by side, each padded by itself. */
export function sideBySide(count: number, size: number): PaddedAxis {
  return { size: count * size, group: size, padded: padded(size, 4) };
}

/** activation(W · [x0 | x1 | …] + b) by one product an input, the earlier ones added inside the next. */
export function overConcatenated(
  b: Builder,
  name: string,
  inputs: readonly Value[],
  spec: { readonly prefix: string; readonly size: number; readonly output: number },
  activation: Activation,
): Value {
  const { prefix, size, output } = spec;
  const axes = { prefix, input: sideBySide(inputs.length, size), output: plainAxis(output) };
  return inputs.reduce<Value | undefined>((sum, x, slice) => {
    const part: LinearSpec = { ...axes, slice: [slice, 1], bias: slice === 0 };
    const label = `${name}.${slice}`;
    if (!sum) return b.linear(label, x, part);
    const { weight, bias } = b.linears(`${prefix}[${slice}]`, [part]);
    const isLast = slice === inputs.length - 1;
    return b.graph.add(label, sumMatmul, [x, weight, bias, sum], { activation: isLast ? activation : "linear" });
  }, undefined)!;
}

/** W[:, from : from + count] of a layer's weight [out, total], as a product's operand: of inputs side by side that differ in size. */
export function weightColumns(
  b: Builder,
  prefix: string,
  [total, output]: readonly [total: number, output: number],
  [from, count]: readonly [from: number, count: number],
): Value {
  return b.resident(`${prefix}[:, ${from}]`, f32(padded(count, 4), padded(output, 4)), [
    {
      tensor: `${prefix}.weight`,
      shape: [output, total],
      layout: { kind: "linear", skip: from },
      input: plainAxis(total),
      output: plainAxis(output),
      scale: 1,
      from: 0,
    },
  ]);
}

/** A vector of zeros that stays on the device: the bias of products that have none. */
export function noBias(b: Builder, size: number): Value {
  return b.resident(`zeros.${padded(size, 4)}`, f32(padded(size, 4)), []);
}

/** x · W, with W [in, out] taken from a layer's weight as it lies in the file, and its bias as one more column behind. */
export function throughTransposed(
  b: Builder,
  name: string,
  x: Value,
  prefix: string,
  axes: { readonly input: PaddedAxis; readonly output: PaddedAxis },
): Value {
  const { input, output } = axes;
  const width = paddedSize(output) + 4;
  const common = { input, scale: 1 } as const;
  const weight = b.resident(`${prefix}.transposed`, f32(paddedSize(input), width), [
    {
      ...common,
      tensor: `${prefix}.weight`,
      shape: [input.size, output.size],
      layout: { kind: "transposed" },
      output,
      from: 0,
    },
    {
      ...common,
      tensor: `${prefix}.bias`,
      shape: [input.size],
      layout: { kind: "linear" },
      output: plainAxis(1),
      from: width - 4,
    },
  ]);
  return b.graph.add(name, matmul, [x, weight, noBias(b, width)], {});
}
