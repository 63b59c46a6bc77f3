// posK and posQ of every layer: the relative table through the key and query projections. They depend on weights only, so
// they are computed once after loading, by small graphs of their own whose outputs stay on the GPU.
import { f32, padded } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import { type Device } from "../../runtime/device.js";
import { compile } from "../../runtime/plan.js";
import { Slots } from "../../runtime/slots.js";
import type { Residents } from "../../runtime/weights.js";
import { attentionPrefix, attentionScale, projections, relativeTerms } from "../deberta/attention.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { Builder } from "../deberta/layers.js";
import { headAxis, headsWidth, plainAxis } from "../deberta/sizes.js";

const TABLE = "deberta.encoder.rel_embeddings.weight";

/** The graph of one layer, or undefined for a model without relative terms. Outputs are named as their residents. */
export function positionGraph(config: DebertaV2Config, layer: number): Builder | undefined {
  const { c2p, p2c } = relativeTerms(config);
  if (!c2p && !p2c) return undefined;
  const b = new Builder(config);
  const { relativeSlots: S, hiddenSize: D } = config;
  const table = b.resident(TABLE, f32(S, padded(D, 4)), [
    {
      tensor: TABLE,
      shape: [S, D],
      layout: { kind: "transposed" },
      input: { size: S, group: S, padded: S },
      output: plainAxis(D),
      scale: 1,
      from: 0,
    },
  ]);
  const rows = config.normRelEbd ? b.layerNorm("relative", table, "deberta.encoder.LayerNorm") : table;
  const prefix = attentionPrefix(layer);
  const width = headsWidth(config);
  const axes = { input: plainAxis(D), output: headAxis(config) };
  const emit = (name: "posK" | "posQ", projection: string, scale: number, columns: readonly [number, number]) => {
    const { weight, bias } = config.shareAttKey
      ? projections(b, layer)
      : b.linears(`${prefix}.self.${projection}`, [{ prefix: `${prefix}.self.${projection}`, ...axes, scale }]);
    const attrs = config.shareAttKey ? { columns } : {};
    b.graph.output(`${prefix}.${name}`, b.graph.add(name, matmul, [rows, weight, bias], attrs));
  };
  if (c2p) emit("posK", "pos_key_proj", 1, [width, 2 * width]);
  if (p2c) emit("posQ", "pos_query_proj", attentionScale(config), [0, width]);
  return b;
}

/** The graphs of all layers. */
export function positionGraphs(config: DebertaV2Config): Builder[] {
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) => positionGraph(config, layer));
  return layers.filter((graph) => graph !== undefined);
}

/** Computes posK and posQ of all layers into their residents. */
export async function fillPositionCache(
  device: Device,
  graphs: readonly Builder[],
  residents: Residents,
): Promise<void> {
  const slots = new Slots(device);
  try {
    for (const { graph } of graphs) {
      const plan = await compile(device, graph, residents.buffers, slots);
      try {
        await plan.fill({}, residents.buffers);
      } finally {
        plan.dispose();
      }
    }
  } finally {
    slots.dispose();
  }
}
