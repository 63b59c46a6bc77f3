// An LSTM whose recurrence runs on the host, for adapters that compute on the processor; the products with the inputs stay on the device.
import { f32, padded } from "../../kernels/kernel.js";
import { Builder } from "../deberta/layers.js";
import type { DebertaV2Config } from "../deberta/config.js";
import type { Job, RunJob } from "../run/network.js";
import { lstmAxis, lstmGates, type LstmSpec, recurrentWeights } from "./lstm-layer.js";
import { Recurrence, type TextTable } from "./recurrence.js";

/** All layers: `gates` of the first [L, 8·H] → states [L, 2·H]. Further layers' gates are products on the device. */
export class HostLstm {
  private readonly config: DebertaV2Config;
  private readonly spec: LstmSpec;
  private layers: readonly Recurrence[] | undefined;

  constructor(config: DebertaV2Config, spec: LstmSpec) {
    this.config = config;
    this.spec = spec;
  }

  async run(gates: Float32Array, texts: TextTable, runJob: RunJob): Promise<Float32Array> {
    const { spec } = this;
    const H = padded(spec.size / 2, 4);
    const rows = gates.length / (8 * H);
    const layers = (this.layers ??= await this.read(runJob));
    let states = layers[0]!.run(gates, texts);
    for (let layer = 1; layer < spec.layers; layer++) {
      const next = await runJob(this.gatesJob(layer, rows, 2 * H), { states });
      states = layers[layer]!.run(next.get("gates")!, texts);
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
  private async read(runJob: RunJob): Promise<Recurrence[]> {
    const H = padded(this.spec.size / 2, 4);
    const layers: Recurrence[] = [];
    for (let layer = 0; layer < this.spec.layers; layer++) {
      const build = () => {
        const b = new Builder(this.config);
        for (const [name, value] of Object.entries(recurrentWeights(b, this.spec, layer))) b.graph.output(name, value);
        return b;
      };
      const outputs = await runJob({ key: `lstm weights ${layer}`, build }, {});
      layers.push(new Recurrence({ weight: outputs.get("weight")!, bias: outputs.get("bias")! }, H));
    }
    return layers;
  }
}
