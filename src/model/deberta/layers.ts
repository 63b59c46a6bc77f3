// Graph pieces that are not DeBERTa's own: linear layers and LayerNorm. Asking for a weight puts it into the graph as a
// resident and notes which tensors of the checkpoint it is packed from, so that loading and computing cannot disagree.
import { assert } from "../../errors.js";
import type { Activation } from "../../kernels/activation.js";
import { f32, padded, type TensorType } from "../../kernels/kernel.js";
import { addLayerNorm, layerNorm, maskedAddLayerNorm, maskedLayerNorm } from "../../kernels/layer-norm.js";
import { addMatmul, matmul, type MatmulAttrs } from "../../kernels/matmul.js";
import { type FileLayout, type PaddedAxis, paddedSize } from "../../kernels/pack-weights.js";
import { Graph, type Value } from "../../runtime/graph.js";
import type { DebertaV2Config } from "./config.js";
import { NO_AXIS, plainAxis } from "./sizes.js";

/** One tensor of a checkpoint, and where it goes in a resident. */
export interface Part {
  /** Name in Transformers' spelling. */
  readonly tensor: string;
  /** Shape that the config asks for. */
  readonly shape: readonly number[];
  readonly layout: FileLayout;
  readonly input: PaddedAxis;
  readonly output: PaddedAxis;
  readonly scale: number;
  /** First column in the resident. */
  readonly from: number;
  /** Rows [from, to) of the tensor's first axis that take part; all by default. */
  readonly rows?: readonly [from: number, to: number];
}

/** What a resident is packed from, or a function that lists it: graphs are also built when all weights are there, and then nobody asks. */
export type Parts = readonly Part[] | (() => readonly Part[]);

/** A buffer that stays on the GPU: packed from tensors, or filled by the engine itself. */
export class ResidentSpec {
  readonly name: string;
  readonly type: TensorType;
  private readonly given: Parts;

  constructor(name: string, type: TensorType, parts: Parts) {
    this.name = name;
    this.type = type;
    this.given = parts;
  }

  get parts(): readonly Part[] {
    return typeof this.given === "function" ? this.given() : this.given;
  }

  /** The same in another element type. */
  as(type: TensorType): ResidentSpec {
    return new ResidentSpec(this.name, type, this.given);
  }
}

/** A linear layer: `prefix`.weight [out, in] and `prefix`.bias [out]. */
export interface LinearSpec {
  readonly prefix: string;
  readonly input: PaddedAxis;
  readonly output: PaddedAxis;
  readonly scale?: number;
  readonly bias?: boolean;
  /** Groups of the input axis that take part, of a layer over several inputs side by side; all by default. */
  readonly slice?: readonly [first: number, count: number];
}

export class Builder {
  readonly graph: Graph = new Graph();
  readonly config: DebertaV2Config;
  readonly residents: Map<string, ResidentSpec> = new Map<string, ResidentSpec>();

  constructor(config: DebertaV2Config) {
    this.config = config;
  }

  /** A resident packed from the parts. */
  resident(name: string, type: TensorType, parts: Parts): Value {
    this.residents.set(name, new ResidentSpec(name, type, parts));
    return this.graph.resident(name, type);
  }

  /** Linear layers of one input side by side, as one matrix [in, Σ out] and one bias. */
  linears(name: string, specs: readonly LinearSpec[]): { weight: Value; bias: Value } {
    const [first] = specs;
    assert(first, `${name}: no linear layer`);
    const from: number[] = [];
    let width = 0;
    for (const { output } of specs) {
      from.push(width);
      width += paddedSize(output);
    }
    const weights = () =>
      specs.map(({ prefix, input, output, scale = 1, slice }, i): Part => {
        const layout = { kind: "linear", skip: (slice?.[0] ?? 0) * input.padded } as const;
        const shape = [output.size, input.size];
        return { tensor: `${prefix}.weight`, shape, layout, input, output, scale, from: from[i]! };
      });
    const biases = () =>
      specs.flatMap(({ prefix, output, scale = 1, bias = true }, i): Part[] => {
        const axes = { layout: { kind: "linear" }, input: NO_AXIS, output } as const;
        return bias ? [{ tensor: `${prefix}.bias`, shape: [output.size], ...axes, scale, from: from[i]! }] : [];
      });
    const rows = first.slice ? first.slice[1] * first.input.padded : paddedSize(first.input);
    return {
      weight: this.resident(`${name}.weight`, f32(rows, width), weights),
      bias: this.resident(`${name}.bias`, f32(width), biases),
    };
  }

  /** y = activation(x · Wᵀ + b) [+ residual]. */
  linear(
    name: string,
    x: Value,
    spec: LinearSpec,
    options: { readonly activation?: Activation; readonly residual?: Value } = {},
  ): Value {
    const { weight, bias } = this.linears(spec.slice ? `${spec.prefix}[${spec.slice[0]}]` : spec.prefix, [spec]);
    const { activation, residual } = options;
    const attrs: MatmulAttrs = activation ? { activation } : {};
    return residual
      ? this.graph.add(name, addMatmul, [x, weight, bias, residual], attrs)
      : this.graph.add(name, matmul, [x, weight, bias], attrs);
  }

  /** y = LayerNorm(x [+ residual]) [· keepRows] with `prefix`.weight and .bias [size]; `eps` is the config's. */
  layerNorm(
    name: string,
    x: Value,
    prefix: string,
    options: {
      readonly size?: number;
      readonly eps?: number;
      readonly residual?: Value | undefined;
      readonly keepRows?: Value | undefined;
    } = {},
  ): Value {
    const { size = this.config.hiddenSize, eps = this.config.layerNormEps, residual, keepRows } = options;
    const gamma = this.vector(`${prefix}.weight`, size);
    const beta = this.vector(`${prefix}.bias`, size);
    const attrs = { columns: size, eps };
    if (residual && keepRows)
      return this.graph.add(name, maskedAddLayerNorm, [x, gamma, beta, residual, keepRows], attrs);
    if (residual) return this.graph.add(name, addLayerNorm, [x, gamma, beta, residual], attrs);
    if (keepRows) return this.graph.add(name, maskedLayerNorm, [x, gamma, beta, keepRows], attrs);
    return this.graph.add(name, layerNorm, [x, gamma, beta], attrs);
  }

  /** A vector of the checkpoint, or elements [from, to) of it, padded with zeros. */
  vector(tensor: string, size: number, rows?: readonly [from: number, to: number]): Value {
    const count = rows ? rows[1] - rows[0] : size;
    const name = rows ? `${tensor}[${rows[0]}:${rows[1]}]` : tensor;
    return this.resident(name, f32(padded(count, 4)), () => [
      {
        tensor,
        shape: [size],
        layout: { kind: "linear" },
        input: NO_AXIS,
        output: plainAxis(count),
        scale: 1,
        from: 0,
        ...(rows ? { rows } : {}),
      },
    ]);
  }
}
