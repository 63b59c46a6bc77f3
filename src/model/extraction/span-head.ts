// The scores of spans as graph nodes, from words and labels: GLiNER's markerV0, marker and markerV1, without a row per span.
// markerV0 scores ⟨MLP([S_i | E_j]), Q_c⟩. Its first layer splits into a sum, its second is folded into the labels:
//   A = relu(S)·W0[:, :h]ᵀ, B = relu(E)·W0[:, h:]ᵀ + b0, V = Q·W3, β = Q·b3, score = ⟨relu(A_i + B_j), V_c⟩ + β_c.
import { gatherRows } from "../../kernels/gather-rows.js";
import { padded, u32 } from "../../kernels/kernel.js";
import { type PaddedAxis } from "../../kernels/pack-weights.js";
import { poolRows } from "../../kernels/pool-rows.js";
import { SPAN_WORD_FIELDS, spanScores } from "../../kernels/span-scores.js";
import type { Value } from "../../runtime/graph.js";
import type { Builder, LinearSpec } from "../deberta/layers.js";
import { plainAxis } from "../deberta/sizes.js";
import { mlp, sideBySide, throughTransposed } from "./dense.js";

/** Which of the library's span layers, and its sizes. */
export interface SpanHead {
  readonly mode: "markerV0" | "marker" | "markerV1";
  readonly prefix: string;
  /** h. */
  readonly size: number;
  /** K. */
  readonly widths: number;
}

/** Words that a graph scores: their states [R, h], how the axis is padded, and texts for the mean over each. */
export interface SpanWords {
  readonly states: Value;
  readonly axis: PaddedAxis;
  /** For markerV1: segments [B, 2] of the words of each text. */
  readonly texts: number;
}

/** What start and end of a span contribute: two rows a word. */
export interface SpanSides {
  readonly start: Value;
  readonly end: Value;
}

export function spanSides(b: Builder, head: SpanHead, words: SpanWords): SpanSides {
  const { mode, prefix, size } = head;
  const { states, axis } = words;
  const inner = (mode === "marker" ? 2 : 4) * size;
  const side = (name: string) =>
    mlp(b, name, states, `${prefix}.project_${name}`, { input: axis, inner, output: size, activation: "relu" });
  const [start, end] = [side("start"), side("end")];
  if (mode === "marker") return { start, end };
  const layer = (slice: number): LinearSpec => ({
    prefix: `${prefix}.out_project.0`,
    input: sideBySide(mode === "markerV1" ? 3 : 2, size),
    output: plainAxis(4 * size),
    slice: [slice, 1],
    bias: slice === 1,
  });
  const residual = mode === "markerV1" ? { residual: textMeans(b, words, layer(2), size) } : {};
  return { start: b.linear("start.half", start, layer(0)), end: b.linear("end.half", end, layer(1), residual) };
}

/** markerV1's third part: the mean of a text's words, the same for all of them. */
function textMeans(b: Builder, { states, axis, texts }: SpanWords, layer: LinearSpec, size: number): Value {
  const segments = b.graph.input("texts", u32(texts, 2));
  const mean = b.graph.add("mean", poolRows, [states, segments], { pooling: "mean", activation: "relu" });
  // The mean lies as the words do, whose axis an LSTM may have padded by halves.
  const perWord = size / axis.group;
  const spec = { ...layer, input: { ...axis, size: 3 * size }, slice: [2 * perWord, perWord] } as const;
  const part = b.linear("mean.part", mean, spec);
  return b.graph.add("mean.rows", gatherRows, [part, b.graph.input("wordTexts", u32(states.type.shape[0]!))], {});
}

/** The labels' side: Q [C, h] → V and β [C, 4h + 4] (marker: [C, 2h + 4]). */
export function spanLabels(b: Builder, { mode, prefix, size }: SpanHead, labels: Value): Value {
  const input = plainAxis(size);
  return mode === "marker"
    ? throughTransposed(b, "label.sides", labels, `${prefix}.out_project`, { input, output: sideBySide(2, size) })
    : throughTransposed(b, "label.sides", labels, `${prefix}.out_project.3`, { input, output: plainAxis(4 * size) });
}

/** The input `words` [R, 3] of the rows that are scored. */
export function spanWordTable(b: Builder, { start }: SpanSides, name = "words"): Value {
  return b.graph.input(name, u32(start.type.shape[0]!, SPAN_WORD_FIELDS.length));
}

/** Scores [R, K, C] of all spans and labels, C being `most` rounded up to 4. */
export function spanLogits(
  b: Builder,
  { mode, widths }: SpanHead,
  sides: SpanSides,
  labels: Value,
  words: Value,
  most: number,
): Value {
  return b.graph.add("logits", spanScores, [sides.start, sides.end, labels, words], {
    widths,
    labels: padded(most, 4),
    form: mode === "marker" ? "sum" : "relu",
  });
}
