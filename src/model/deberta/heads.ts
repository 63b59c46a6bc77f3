// The heads as graph nodes, from last states to what is read back. Which rows a head needs decides how much of the last
// layer is computed (encoder.ts).
import { gatherRows } from "../../kernels/gather-rows.js";
import { f32, padded } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import type { Value } from "../../runtime/graph.js";
import { activationOf } from "./activations.js";
import { askedRows, type Encoded } from "./encoder.js";
import type { Builder, LinearSpec } from "./layers.js";
import type { QueryShape } from "./shape.js";
import { plainAxis } from "./sizes.js";

/** The tensors of a masked-LM head, which differ between Transformers' two layouts. */
export interface LmHead {
  readonly dense: string;
  readonly norm: string;
  readonly bias: string;
  /** Rows of the dense layer: the embedding size. */
  readonly width: number;
  /** The table that logits are products with, and its rows. */
  readonly table: string;
  readonly vocabulary: number;
}

/** What stands on top of the encoder, with the sizes that the checkpoint's own tensors say. */
export type HeadSpec =
  | { readonly kind: "none" }
  /** Context pooler and classifier on the first row of each sequence: sequence classification and multiple choice. */
  | { readonly kind: "pooled"; readonly labels: number }
  /** One linear layer on every row: token classification, question answering. */
  | { readonly kind: "rows"; readonly prefix: "classifier" | "qa_outputs"; readonly labels: number }
  | { readonly kind: "maskedLm"; readonly lm: LmHead; readonly maskDecoder: boolean };

/** Bytes of one block of the vocabulary table on the GPU: below the default binding limit, and staged as a whole. */
const BLOCK_BYTES = 32 * 2 ** 20;

/** The rows that a head works on: [R, D] of the asked rows, or all [T, D]. */
export function rowsFor(b: Builder, encoded: Encoded, asked: QueryShape | undefined): Value {
  if (!asked || encoded.asked) return encoded.last;
  return b.graph.add("asked", gatherRows, [encoded.last, askedRows(b, asked)], {}, undefined, { rows: asked.name });
}

/** Logits [R, C] of the pooled first rows. */
export function pooledLogits(b: Builder, rows: Value, labels: number): Value {
  const hidden = plainAxis(b.config.hiddenSize);
  const activation = activationOf(b.config.poolerHiddenAct, "pooler_hidden_act");
  const spec: LinearSpec = { prefix: "pooler.dense", input: hidden, output: hidden };
  const pooled = b.linear("pooler", rows, spec, { activation });
  return b.linear("classifier", pooled, { prefix: "classifier", input: hidden, output: plainAxis(labels) });
}

/** Logits [R, C] of every row. */
export function rowLogits(b: Builder, rows: Value, prefix: string, labels: number): Value {
  return b.linear(prefix, rows, { prefix, input: plainAxis(b.config.hiddenSize), output: plainAxis(labels) });
}

/** The masked-LM head up to the product with the vocabulary: [R, E]. */
export function lmTransform(b: Builder, rows: Value, lm: LmHead): Value {
  const activation = activationOf(b.config.hiddenAct, "hidden_act");
  const axes = { input: plainAxis(b.config.hiddenSize), output: plainAxis(lm.width) };
  const dense = b.linear("lm.dense", rows, { prefix: lm.dense, ...axes }, { activation });
  return b.layerNorm("lm.norm", dense, lm.norm, { size: lm.width });
}

/** Logits over the vocabulary [R, V]: one product per block of the table, each filling its columns. */
export function lmLogits(b: Builder, states: Value, lm: LmHead): Value {
  const { width: E, vocabulary, table } = lm;
  const columns = padded(vocabulary, 4);
  const perBlock = Math.max(4, Math.floor(BLOCK_BYTES / (4 * padded(E, 4)) / 4) * 4);
  let logits: Value | undefined;
  for (let from = 0; from < vocabulary; from += perBlock) {
    const to = Math.min(vocabulary, from + perBlock);
    const rows = to - from;
    const bias = b.vector(lm.bias, vocabulary, [from, to]);
    const weight = b.resident(`${table}[${from}:${to}]`, f32(padded(E, 4), padded(rows, 4)), [
      {
        tensor: table,
        shape: [vocabulary, E],
        layout: { kind: "linear" },
        input: plainAxis(E),
        output: plainAxis(rows),
        scale: 1,
        from: 0,
        rows: [from, to],
      },
    ]);
    logits = b.graph.add(
      "lm.logits",
      matmul,
      [states, weight, bias],
      { place: { width: columns, from }, columns: [0, padded(rows, 4)] },
      logits,
    );
  }
  return logits!;
}
