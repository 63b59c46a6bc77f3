// One small encoder layer with seeded numbers, whose answer is known: what a sound device computes. Pure.
import { type Capabilities, elements, f32 } from "../kernels/kernel.js";
import { matmul, matmulAs } from "../kernels/matmul.js";
import { planMatmul } from "../kernels/matmul/plan.js";
import type { Graph } from "../runtime/graph.js";
import type { Inputs } from "../runtime/steps.js";
import { DebertaV2Config } from "./deberta/config.js";
import { slotTable } from "./deberta/relative-position.js";
import { headNetwork } from "./head-network.js";
import { engineLimits, packRun, plainSample } from "./run/network.js";

const N = 37;
const D = 64;
const FIELDS = {
  model_type: "deberta-v2",
  ...{ vocab_size: 4, hidden_size: D, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 128 },
  ...{ relative_attention: true, position_buckets: 16, max_position_embeddings: 64, pos_att_type: ["p2c", "c2p"] },
  ...{ share_att_key: true, norm_rel_ebd: "layer_norm", position_biased_input: false, type_vocab_size: 0 },
};

/** Sums of the answer's elements with seeded signs and sizes: any wrong element shows in each of them. */
const ANSWER: readonly number[] = [
  ...[-12.6836, -12.9973, 0.0174, -5.2004, 3.4176, -0.6431, -6.659, -6.873],
  ...[-6.7956, 15.1834, -12.7299, 14.6548, -7.9071, -56.3883, -37.2654, 28.7467],
];
/** Rounding of f32 in sums of 2 · N · D products between −1 and 1. */
const TOLERANCE = 0.01;

export interface KnownLayer {
  readonly graph: Graph;
  readonly inputs: Inputs;
  readonly residents: Readonly<Record<string, Float32Array | Uint32Array>>;
}

/** A product in the body that a device plans for large ones. */
const largeMatmul: typeof matmul = {
  ...matmul,
  dispatch: (inputs, attrs, device) =>
    matmulAs(planMatmul({ rows: 512, inner: 768, columns: 3072 }, device)).dispatch(inputs, attrs, device),
};

/** The layer as a device would run it, and then one large product. Outputs "last" and "product". */
export function knownLayer(device: Capabilities): KnownLayer {
  const config = new DebertaV2Config(FIELDS);
  const network = headNetwork(config, { kind: "none" });
  const sequences = [{ source: 0, from: 0, length: N }];
  const run = packRun(network, plainSample(N), sequences, device, engineLimits(config, device));
  const { graph } = network.job(run).build();
  const last = graph.outputs.get("last")!;
  const [weight, bias] = [graph.resident("w", f32(D, D)), graph.resident("b", f32(D))];
  graph.output("product", graph.add("product", largeMatmul, [last, weight, bias], {}));
  const residents = Object.fromEntries(
    graph.residents.map(({ name, type }, seed) => [name, noise(elements(type), seed, 0.5)]),
  );
  return {
    graph,
    inputs: { ...run.packed.tables, embeddings: noise(run.packed.shape.rows * D, 99, 1) },
    residents: { ...residents, slots: slotTable(config).table },
  };
}

/** Sums of what came out, to be compared with the known ones. */
export function digest(outputs: ReadonlyMap<string, ArrayLike<number>>): number[] {
  return ["last", "product"].flatMap((name, at) =>
    Array.from({ length: 8 }, (_, i) => {
      const weights = noise(N * D, 1000 + 8 * at + i, 1);
      return weights.reduce((sum, weight, index) => sum + weight * outputs.get(name)![index]!, 0);
    }),
  );
}

/** Whether outputs of the layer are those of a sound device. NaN is not. */
export function isKnown(outputs: ReadonlyMap<string, ArrayLike<number>>): boolean {
  return digest(outputs).every((sum, i) => Math.abs(sum - ANSWER[i]!) < TOLERANCE);
}

/** Numbers between −scale and scale that look random. */
function noise(count: number, seed: number, scale: number): Float32Array {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
}
