// posK and posQ of every layer: the relative table through the key and query projections. They depend on weights only, so
// they are computed once after loading, by small graphs of their own whose outputs stay on the GPU.
import { f32, padded } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import type { Device } from "../../runtime/device.js";
import type { Value } from "../../runtime/graph.js";
import type { Pages } from "../../runtime/pages.js";
import { compile } from "../../runtime/plan.js";
import { Slots } from "../../runtime/slots.js";
import type { Residents } from "../../runtime/weights.js";
import { attentionPrefix, attentionScale, projections, relativeTerms } from "../deberta/attention.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { Builder } from "../deberta/layers.js";
import { headAxis, headsWidth, plainAxis } from "../deberta/sizes.js";

const TABLE = "deberta.encoder.rel_embeddings.weight";

/** The graph of all layers, or undefined for a model without relative terms. Outputs are named as their residents. */
export function positionGraph(config: DebertaV2Config): Builder | undefined {
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
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    if (c2p) emit(b, layer, rows, "posK");
    if (p2c) emit(b, layer, rows, "posQ");
  }
  return b;
}

/** posK = rows · W_k, posQ = rows · W_q (scaled), by the layer's own projections or by those of the content. */
function emit(b: Builder, layer: number, rows: Value, name: "posK" | "posQ"): void {
  const { config, graph } = b;
  const isKey = name === "posK";
  const self = `${attentionPrefix(layer)}.self.${isKey ? "pos_key_proj" : "pos_query_proj"}`;
  const axes = { input: plainAxis(config.hiddenSize), output: headAxis(config) };
  const scale = isKey ? 1 : attentionScale(config);
  const shared = config.shareAttKey;
  const { weight, bias } = shared ? projections(b, layer) : b.linears(self, [{ prefix: self, ...axes, scale }]);
  const from = isKey ? headsWidth(config) : 0;
  const attrs = shared ? { columns: [from, from + headsWidth(config)] as const } : {};
  const path = `${attentionPrefix(layer)}.${name}`;
  graph.output(path, graph.add(path, matmul, [rows, weight, bias], attrs));
}

/** Computes posK and posQ of all layers into their residents. */
export async function fillPositionCache(
  device: Device,
  { graph }: Builder,
  residents: Residents,
  pages: Pages | undefined,
): Promise<void> {
  const slots = new Slots(device);
  const plan = await compile(device, graph, residents.buffers, slots, pages);
  try {
    await plan.fill({}, residents.buffers);
  } finally {
    plan.dispose();
    slots.dispose();
  }
}
