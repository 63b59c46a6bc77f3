// A bidirectional LSTM over packed texts as graph nodes. On GPUs the recurrence is a kernel; on adapters that compute on the
// processor a barrier a step would cost seconds, so there the graph ends at the gates and the host goes on (lstm-host.ts).
import { type Capabilities, f32, padded, u32 } from "../../kernels/kernel.js";
import { lstm, lstmSteps } from "../../kernels/lstm.js";
import { matmul } from "../../kernels/matmul.js";
import type { PaddedAxis } from "../../kernels/pack-weights.js";
import type { Value } from "../../runtime/graph.js";
import type { Builder, Part } from "../deberta/layers.js";
import { NO_AXIS } from "../deberta/sizes.js";
import type { Checkpoint } from "../load/named-tensors.js";
import type { OptionTable } from "../../options.js";
import { LOAD_OPTIONS, type LoadOptions } from "../load/options.js";
import { sideBySide } from "./dense.js";

/** Beside the options of loading: where an LSTM's recurrence runs; "auto" by the adapter. */
export interface LstmOptions extends LoadOptions {
  /** Where a recurrent layer runs, where the model has one. Default: on the GPU, unless that is a processor. */
  readonly lstm?: "auto" | "device" | "host";
}

export const LSTM_OPTIONS: OptionTable<LstmOptions> = { ...LOAD_OPTIONS, lstm: ["auto", "device", "host"] };

export const runsOnHost = ({ lstm = "auto" }: LstmOptions, { software }: Capabilities): boolean =>
  lstm === "auto" ? software : lstm === "host";

/** Layers in the file, which decides: later versions of GLiNER's library ignore `has_rnn`. */
export function lstmLayersOf(checkpoint: Checkpoint, prefix: string): number {
  let layers = 0;
  while (checkpoint.find(`${prefix}.weight_ih_l${layers}`)) layers++;
  return layers;
}

/** Columns of a result of `size` by columns of the states, whose halves are padded by themselves; −1 for padding. */
export function lstmColumns(size: number): number[] {
  const half = size / 2;
  const stride = padded(half, 4);
  return Array.from({ length: 2 * stride }, (_, at) =>
    at % stride < half ? Math.floor(at / stride) * half + (at % stride) : -1,
  );
}

/** Where the tensors of an LSTM are, and their sizes. */
export interface LstmSpec {
  /** As `rnn.lstm`. */
  readonly prefix: string;
  readonly layers: number;
  /** h, of which each direction computes half. */
  readonly size: number;
}

/** The axis of an LSTM's result: both directions, each padded by itself. */
export function lstmAxis({ size }: LstmSpec): PaddedAxis {
  return sideBySide(2, size / 2);
}

const DIRECTIONS = ["", "_reverse"] as const;

/** Tensors of both directions side by side: forward i f g o, backward i f g o. */
function bothDirections(spec: LstmSpec, layer: number, kind: string, input: PaddedAxis, isVector: boolean): Part[] {
  const hidden = spec.size / 2;
  const output = sideBySide(4, hidden);
  return DIRECTIONS.map((suffix, direction) => ({
    tensor: `${spec.prefix}.${kind}_l${layer}${suffix}`,
    shape: isVector ? [4 * hidden] : [4 * hidden, input.size],
    layout: { kind: "linear" },
    input: isVector ? NO_AXIS : input,
    output,
    scale: 1,
    from: direction * 4 * output.padded,
  }));
}

/** What the recurrence itself reads: W_hh [H, 8·H] and b_hh [8·H]. */
export function recurrentWeights(b: Builder, spec: LstmSpec, layer: number): { weight: Value; bias: Value } {
  const hidden = spec.size / 2;
  const H = padded(hidden, 4);
  const name = `${spec.prefix}.${layer}`;
  const input = { size: hidden, group: hidden, padded: H };
  return {
    weight: b.resident(`${name}.hh`, f32(H, 8 * H), bothDirections(spec, layer, "weight_hh", input, false)),
    bias: b.resident(`${name}.hh.bias`, f32(8 * H), bothDirections(spec, layer, "bias_hh", input, true)),
  };
}

/** x [L, in] → what the inputs add to the gates of all steps [L, 8·H]. */
export function lstmGates(b: Builder, spec: LstmSpec, layer: number, x: Value, input: PaddedAxis): Value {
  const H = padded(spec.size / 2, 4);
  const name = `${spec.prefix}.${layer}`;
  const rows = (input.size / input.group) * input.padded;
  const weight = b.resident(`${name}.ih`, f32(rows, 8 * H), bothDirections(spec, layer, "weight_ih", input, false));
  const bias = b.resident(`${name}.ih.bias`, f32(8 * H), bothDirections(spec, layer, "bias_ih", input, true));
  return b.graph.add(`lstm.${layer}.gates`, matmul, [x, weight, bias], {});
}

/**
 * All layers on the device: x [L, h] → [L + layers·B, h], the rows behind the words being the layers' own state.
 * @param texts B
 * @param longest words of the longest text, or more
 */
export function lstmLayers(
  b: Builder,
  spec: LstmSpec,
  x: Value,
  input: PaddedAxis,
  { texts, longest }: { readonly texts: number; readonly longest: number },
): Value {
  const hidden = padded(spec.size / 2, 4);
  const perDispatch = lstmSteps(hidden);
  let states = x;
  for (let layer = 0; layer < spec.layers; layer++) {
    const gates = lstmGates(b, spec, layer, states, layer === 0 ? input : lstmAxis(spec));
    const { weight, bias } = recurrentWeights(b, spec, layer);
    const operands = [gates, weight, bias, b.graph.input("texts", u32(texts, 2))] as const;
    let result: Value | undefined;
    for (let from = 0; from < longest; from += perDispatch) {
      const steps = [from, Math.min(longest, from + perDispatch)] as const;
      result = b.graph.add(`lstm.${layer}`, lstm, operands, { hidden, steps }, result);
    }
    states = result!;
  }
  return states;
}
