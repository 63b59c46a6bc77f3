// The enhanced mask decoder (DeBERTa, arXiv 2006.03654, section 3.2; microsoft/DeBERTa apps/models/masked_language_model.py):
// the last layer runs twice more, with queries that start from the states before it plus absolute positions, while keys and
// values stay those states. It replaces the last layer's own output. Transformers leaves it out.
import { gatherAddRows } from "../../kernels/gather-rows.js";
import { f32, padded } from "../../kernels/kernel.js";
import type { Value } from "../../runtime/graph.js";
import { keysAndValues } from "./attention.js";
import { askedRows, queryLayer } from "./encoder.js";
import type { Builder } from "./layers.js";
import type { EncoderContext, QueryShape } from "./shape.js";

/** Extra passes of the last layer; the authors' code fixes two. */
const PASSES = 2;

/**
 * States for the masked-LM head [R, D] of the rows in `set`, from the states before the last layer [T, D].
 * The input `<set>.positions` [R, D] holds raw rows of the table of absolute positions: no LayerNorm, no mask.
 */
export function maskDecoder(b: Builder, beforeLast: Value, set: QueryShape, at: EncoderContext): Value {
  const layer = b.config.numHiddenLayers - 1;
  return b.graph.scope("maskDecoder", () => {
    const positions = b.graph.input(`${set.name}.positions`, f32(set.rows, padded(b.config.hiddenSize, 4)));
    const keys = keysAndValues(b, layer, beforeLast);
    let states = b.graph.add("query", gatherAddRows, [beforeLast, askedRows(b, set), positions], {}, undefined, {
      rows: set.name,
    });
    for (let pass = 0; pass < PASSES; pass++) {
      states = b.graph.scope(`pass.${pass}`, () => queryLayer(b, layer, states, keys, set, at));
    }
    return states;
  });
}
