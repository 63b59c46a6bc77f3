// The encoder as graph nodes: nine dispatches a layer, the conv layer after the first, hidden states and attentions on
// request. Where only some rows of the last layer are wanted, its queries, output and feed-forward run for those alone.
import { gatherRows } from "../../kernels/gather-rows.js";
import { u32 } from "../../kernels/kernel.js";
import type { Value } from "../../runtime/graph.js";
import { activationOf } from "./activations.js";
import {
  attend,
  type Attention,
  attentionPrefix,
  type KeysAndValues,
  keysAndValues,
  queries,
  queryKeyValue,
} from "./attention.js";
import { convLayer } from "./conv-layer.js";
import type { Builder } from "./layers.js";
import type { EncoderContext, QueryShape } from "./shape.js";
import { headAxis, headsWidth, plainAxis } from "./sizes.js";

/** What a run has to give back of the encoder. */
export interface EncoderOutputs {
  readonly hiddenStates: boolean;
  readonly attentions: boolean;
}

/** Everything after attention: output projection, feed-forward, both LayerNorms. */
function finishLayer(b: Builder, layer: number, context: Value, residual: Value): Value {
  const { config } = b;
  const prefix = `deberta.encoder.layer.${layer}`;
  const hidden = plainAxis(config.hiddenSize);
  const inner = plainAxis(config.intermediateSize);
  const projected = b.linear(
    "attention.output",
    context,
    { prefix: `${attentionPrefix(layer)}.output.dense`, input: headAxis(config), output: hidden },
    { residual },
  );
  const attended = b.layerNorm("attention.norm", projected, `${attentionPrefix(layer)}.output.LayerNorm`);
  const activation = activationOf(config.hiddenAct, "hidden_act");
  const wide = b.linear(
    "intermediate",
    attended,
    { prefix: `${prefix}.intermediate.dense`, input: hidden, output: inner },
    { activation },
  );
  const narrow = b.linear(
    "output",
    wide,
    { prefix: `${prefix}.output.dense`, input: inner, output: hidden },
    { residual: attended },
  );
  return b.layerNorm("norm", narrow, `${prefix}.output.LayerNorm`);
}

/** A whole layer over all rows. */
function fullLayer(b: Builder, layer: number, x: Value, at: EncoderContext): { y: Value; attention: Attention } {
  const qkv = queryKeyValue(b, layer, x);
  const width = headsWidth(b.config);
  const keys: KeysAndValues = { matrix: qkv, keyFrom: width, valueFrom: 2 * width };
  const attention = attend(b, layer, qkv, keys, at.shape.all, at);
  return { y: finishLayer(b, layer, attention.context, x), attention };
}

/** A layer whose queries are other states than its keys and values: some rows, or the mask decoder's. */
export function queryLayer(
  b: Builder,
  layer: number,
  states: Value,
  keys: KeysAndValues,
  set: QueryShape,
  at: EncoderContext,
): Value {
  const query = queries(b, layer, states);
  const { context } = attend(b, layer, query, keys, set, at);
  return finishLayer(b, layer, context, states);
}

/** The rows that a head asked for: the index of each in the packed rows. */
export function askedRows(b: Builder, set: QueryShape): Value {
  return b.graph.input(`${set.name}.rows`, u32(set.rows));
}

/** The states after each layer, the last states, those before the last layer, and whether the last states are those of the asked rows only. */
export interface Encoded {
  /** After each layer, as far as all rows went. */
  readonly layers: readonly Value[];
  readonly last: Value;
  readonly beforeLast: Value;
  readonly asked: boolean;
}

/**
 * x [T, D] → the last layer's states: of all rows [T, D], or of the asked rows [R, D] where nothing else is wanted.
 * `stopBeforeLast` leaves the last layer out (the mask decoder runs it its own way).
 */
export function encoder(
  b: Builder,
  x: Value,
  at: EncoderContext,
  outputs: EncoderOutputs,
  stopBeforeLast: boolean,
): Encoded {
  const { config, graph } = b;
  const everything = outputs.hiddenStates || outputs.attentions;
  const embedded = x;
  let beforeLast = x;
  const layers: Value[] = [];
  if (outputs.hiddenStates) graph.output("hidden.0", x);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const isLast = layer === config.numHiddenLayers - 1;
    beforeLast = x;
    if (isLast && stopBeforeLast && !everything) break;
    // The conv layer mixes neighbouring rows, so a model of one layer with it has no rows to leave out.
    const { asked } = at.shape;
    const short = isLast && asked && !everything && !(layer === 0 && config.convKernelSize > 0);
    const result = graph.scope(`encoder.layer.${layer}`, () => {
      if (short) {
        const keys = keysAndValues(b, layer, x);
        const states = graph.add("asked", gatherRows, [x, askedRows(b, asked)], {}, undefined, { rows: asked.name });
        return { last: queryLayer(b, layer, states, keys, asked, at), asked: true };
      }
      const { y, attention } = fullLayer(b, layer, x, at);
      if (outputs.attentions)
        attention.probabilities.forEach((value, block) => graph.output(`attention.${layer}.${block}`, value));
      return { last: y, asked: false };
    });
    if (result.asked) return { layers, last: result.last, beforeLast, asked: true };
    x = result.last;
    if (layer === 0 && config.convKernelSize > 0) x = convLayer(b, embedded, x, at);
    layers.push(x);
    if (outputs.hiddenStates) graph.output(`hidden.${layer + 1}`, x);
  }
  return { layers, last: x, beforeLast, asked: false };
}
