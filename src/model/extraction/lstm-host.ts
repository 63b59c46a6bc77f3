// The recurrence of an LSTM on the host, for adapters that compute on the processor: the same sums as kernels/lstm.wgsl.
import { f32, padded } from "../../kernels/kernel.js";
import { Builder } from "../deberta/layers.js";
import type { DebertaV2Config } from "../deberta/config.js";
import type { Job, RunJob } from "../run/network.js";
import { lstmAxis, lstmGates, type LstmSpec, recurrentWeights } from "./lstm-layer.js";

/** Weights of the recurrence, padded as on the device: W_hh [H, 8·H] and b_hh [8·H]. */
export interface RecurrentWeights {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** First word and words of each text, in pairs. */
export type TextTable = Uint32Array;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** gates [L, 8·H] → states [L, 2·H] of all texts. */
export function recurrence(
  gates: Float32Array,
  { weight, bias }: RecurrentWeights,
  H: number,
  texts: TextTable,
): Float32Array {
  const states = new Float32Array((gates.length / (8 * H)) * 2 * H);
  const sums = new Float32Array(4 * H);
  for (let text = 0; text < texts.length; text += 2) {
    const [first, count] = [texts[text]!, texts[text + 1]!];
    for (const direction of [0, 1]) {
      const column = direction * 4 * H;
      const cell = new Float32Array(H);
      let h = new Float32Array(H);
      for (let step = 0; step < count; step++) {
        const row = first + (direction ? count - 1 - step : step);
        const gate = row * 8 * H + column;
        for (let j = 0; j < 4 * H; j++) sums[j] = gates[gate + j]! + bias[column + j]!;
        for (let k = 0; k < H; k++) addScaled(sums, weight, k * 8 * H + column, h[k]!);
        h = states.subarray(row * 2 * H + direction * H, row * 2 * H + (direction + 1) * H);
        for (let j = 0; j < H; j++) {
          const c = sigmoid(sums[H + j]!) * cell[j]! + sigmoid(sums[j]!) * Math.tanh(sums[2 * H + j]!);
          cell[j] = c;
          h[j] = sigmoid(sums[3 * H + j]!) * Math.tanh(c);
        }
      }
    }
  }
  return states;
}

/** The inner loop by itself, so that engines compile it early: sums += scale · weight[from, …]. */
function addScaled(sums: Float32Array, weight: Float32Array, from: number, scale: number): void {
  for (let j = 0; j < sums.length; j++) sums[j] = sums[j]! + scale * weight[from + j]!;
}

/** All layers: `gates` of the first [L, 8·H] → states [L, 2·H]. Further layers' gates are products on the device. */
export class HostLstm {
  private readonly config: DebertaV2Config;
  private readonly spec: LstmSpec;
  private weights: readonly RecurrentWeights[] | undefined;

  constructor(config: DebertaV2Config, spec: LstmSpec) {
    this.config = config;
    this.spec = spec;
  }

  async run(gates: Float32Array, texts: TextTable, runJob: RunJob): Promise<Float32Array> {
    const { spec } = this;
    const H = padded(spec.size / 2, 4);
    const rows = gates.length / (8 * H);
    const weights = (this.weights ??= await this.read(runJob));
    let states = recurrence(gates, weights[0]!, H, texts);
    for (let layer = 1; layer < spec.layers; layer++) {
      const next = await runJob(this.gatesJob(layer, rows, 2 * H), { states });
      states = recurrence(next.get("gates")!, weights[layer]!, H, texts);
    }
    return states;
  }

  private gatesJob(layer: number, rows: number, width: number): Job {
    return {
      key: `lstm ${layer} ${rows}`,
      build: () => {
        const b = new Builder(this.config);
        const x = b.graph.input("states", f32(rows, width));
        b.graph.output("gates", lstmGates(b, this.spec, layer, x, lstmAxis(this.spec)));
        return b;
      },
    };
  }

  /** The weights lie on the device, packed as both ways of computing want them; read back once. */
  private async read(runJob: RunJob): Promise<RecurrentWeights[]> {
    const weights: RecurrentWeights[] = [];
    for (let layer = 0; layer < this.spec.layers; layer++) {
      const build = () => {
        const b = new Builder(this.config);
        for (const [name, value] of Object.entries(recurrentWeights(b, this.spec, layer))) b.graph.output(name, value);
        return b;
      };
      const outputs = await runJob({ key: `lstm weights ${layer}`, build }, {});
      weights.push({ weight: outputs.get("weight")!, bias: outputs.get("bias")! });
    }
    return weights;
  }
}
