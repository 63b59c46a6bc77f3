// The forward pass on one screen: embeddings → encoder → head. A function that builds a graph; nothing runs here.
import { f32, padded } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import type { Value } from "../../runtime/graph.js";
import type { DebertaV2Config } from "./config.js";
import { type Encoded, encoder, type EncoderOutputs } from "./encoder.js";
import { type HeadSpec, lmLogits, lmTransform, pooledLogits, rowLogits, rowsFor } from "./heads.js";
import { Builder } from "./layers.js";
import { maskDecoder } from "./mask-decoder.js";
import type { BatchShape, EncoderContext } from "./shape.js";
import { plainAxis } from "./sizes.js";

/** What one run computes of the encoder: the batch's sizes, and what is asked for. */
export interface EncodeRequest extends EncoderOutputs {
  readonly shape: BatchShape;
  readonly reach: number;
  /** Layers whose terms of the scores are computed apart, too, for looking inside. */
  readonly terms?: readonly number[];
}

/** What one run computes, and where the masked-LM head stops. */
export interface GraphRequest extends EncodeRequest {
  /** Masked LM: give the states before the product with the vocabulary, for logits too large for one run. */
  readonly statesOnly: boolean;
}

/** [T, E] rows that the host picked → [T, D]. */
function embeddings(b: Builder, { shape }: EncodeRequest, keepRows: Value | undefined): Value {
  const { config, graph } = b;
  const { embeddingSize: E, hiddenSize: D } = config;
  return graph.scope("embeddings", () => {
    let x = graph.input("embeddings", f32(shape.rows, padded(E, 4)), { rows: shape.all.name });
    if (E !== D) {
      const spec = { prefix: "deberta.embeddings.embed_proj", input: plainAxis(E), output: plainAxis(D), bias: false };
      const { weight, bias } = b.linears(spec.prefix, [spec]);
      x = graph.add("projection", matmul, [x, weight, bias], {});
    }
    return b.layerNorm("norm", x, "deberta.embeddings.LayerNorm", { keepRows });
  });
}

/** Embeddings and encoder: what every head, and every other architecture on this backbone, begins with. */
export function encoded(b: Builder, request: EncodeRequest, stopBeforeLast = false): Encoded & { at: EncoderContext } {
  const { shape, reach, terms = [] } = request;
  const keepRows = shape.maskWords > 0 ? b.graph.input("keepRows", f32(shape.rows)) : undefined;
  const at: EncoderContext = { shape, reach, keepRows, terms };
  return { ...encoder(b, embeddings(b, request, keepRows), at, request, stopBeforeLast), at };
}

/**
 * The graph of one request. Outputs: `last` [T, D] (no head), `logits` [R, C], `states` [R, E] (masked LM, states only),
 * and on request `hidden.<i>` [T, D], `attention.<layer>.<block>` (flat).
 */
export function debertaGraph(config: DebertaV2Config, head: HeadSpec, request: GraphRequest): Builder {
  const b = new Builder(config);
  const { graph } = b;
  const { shape } = request;
  const decoder = head.kind === "maskedLm" && head.maskDecoder;
  const states = encoded(b, request, decoder);
  if (head.kind === "none") {
    graph.output("last", states.last);
    return b;
  }
  graph.scope("head", () => {
    if (head.kind === "pooled") {
      graph.output("logits", pooledLogits(b, rowsFor(b, states, shape.asked), head.labels));
    } else if (head.kind === "rows") {
      graph.output("logits", rowLogits(b, states.last, head.prefix, head.labels));
    } else {
      const set = shape.asked ?? shape.all;
      const rows = decoder ? maskDecoder(b, states.beforeLast, set, states.at) : rowsFor(b, states, shape.asked);
      const transformed = lmTransform(b, rows, head.lm);
      if (request.statesOnly) graph.output("states", transformed);
      else graph.output("logits", lmLogits(b, transformed, head.lm));
    }
  });
  return b;
}

/** The product with the vocabulary alone: states [rows, E] → logits [rows, V]. */
export function logitsGraph(
  config: DebertaV2Config,
  head: HeadSpec & { readonly kind: "maskedLm" },
  rows: number,
): Builder {
  const b = new Builder(config);
  const states = b.graph.input("states", f32(rows, padded(head.lm.width, 4)));
  b.graph.output("logits", lmLogits(b, states, head.lm));
  return b;
}
