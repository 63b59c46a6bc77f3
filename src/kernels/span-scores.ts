// Scores of spans (GLiNER's markerV0 and marker): the first layer over [start | end] is split into a sum of two rows, the
// second folded into the labels, so that no tensor has a row per span. Exact algebra, a twentieth of the work.
import { type Capabilities, expectShape, expectVec4, f32, type Kernel, lastOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./span-scores.wgsl?raw";

/** Sizes of `spanScores`, and how a span's row is made. */
export interface SpanAttrs {
  /** K: spans of 1 to K words. */
  readonly widths: number;
  /** Labels of the text that has most. */
  readonly labels: number;
  /** ⟨relu(start + end), label⟩, or the sum of both with their halves of the label. */
  readonly form: "relu" | "sum";
}

/** Names of the 32-bit fields of one entry of `words`, in order. */
export const SPAN_WORD_FIELDS = ["firstLabel", "labels", "end"] as const;

/**
 * Spans of one thread, each a vec4 sum in registers: on processors all of GLiNER's usual 12; on GPUs 4, as 12 spill 58 values a round on
 * Intel, and more threads fill a GPU sooner.
 */
const mostWidths = ({ software }: Capabilities): number => (software ? 12 : 4);

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** WGSL has no unrolling: the sums of a thread's spans are fields of a struct, written out. */
function registerSums(widths: number, form: SpanAttrs["form"]): string {
  const labels = (name: string, offset: string) =>
    ["x", "y", "z", "w"].map((c) => `  let ${name}${c} = label[at.${c} + n${offset}];`).join("\n");
  const dots = (value: string, name: string) =>
    `vec4f(${["x", "y", "z", "w"].map((c) => `dot(${value}, ${name}${c})`).join(", ")})`;
  return `
struct Sums {
${lines(widths, (k) => `  s${k}: vec4f,`)}
}
struct EndRows {
${lines(widths, (k) => `  r${k}: u32,`)}
}
fn endRows(first: u32, last: u32) -> EndRows {
  return EndRows(${Array.from({ length: widths }, (_, k) => `min(first + ${k}u, last) * params.inner`).join(", ")});
}
fn addProducts(sums: ptr<function, Sums>, a: vec4f, rows: EndRows, n: u32, at: vec4u) {
${labels("v", "")}
${form === "sum" ? `${labels("w", " + params.inner")}\n  let own = ${dots("a", "v")};` : ""}
${lines(widths, (k) =>
  form === "relu"
    ? `  { let r = max(a + end[rows.r${k} + n], vec4f(0.0)); (*sums).s${k} += ${dots("r", "v")}; }`
    : `  { let b = end[rows.r${k} + n]; (*sums).s${k} += own + ${dots("b", "w")}; }`,
)}
}
fn storeSums(sums: Sums, beta: vec4f, i: u32, k: u32, c: u32, word: Word) {
${lines(widths, (k) => `  store(i, k + ${k}u, c, sums.s${k} + beta, word);`)}
}`;
}

/**
 * start, end [L, X], label [C, X + 4] (form "sum": [C, 2·X + 4]) f32, words [L, 3] u32 → [L, K, labels rounded up to 4] f32.
 */
export const spanScores: Kernel<readonly ["start", "end", "label", "words"], SpanAttrs> = {
  name: "spanScores",
  operands: ["start", "end", "label", "words"],
  result([start, end, label, words], { widths, labels, form }) {
    const [L, X] = [start.shape[0]!, lastOf(start)];
    expectVec4("spanScores", "the last axis of start", X);
    expectShape("spanScores", "start", start, "f32", [null, null]);
    expectShape("spanScores", "end", end, "f32", [L, X]);
    expectShape("spanScores", "label", label, "f32", [null, (form === "sum" ? 2 * X : X) + 4]);
    expectShape("spanScores", "words", words, "u32", [L, SPAN_WORD_FIELDS.length]);
    return f32(L, widths, 4 * Math.ceil(labels / 4));
  },
  dispatch([start, , label], { widths, labels, form }, device) {
    const [L, X] = [start.shape[0]!, lastOf(start)];
    const blocks = Math.ceil(widths / mostWidths(device));
    const perThread = Math.ceil(widths / blocks);
    const threads = device.software ? 4 : 64;
    const tiles = Math.ceil(labels / 4);
    return {
      shader: shader(wgsl, {
        file: "span-scores.wgsl",
        constants: { THREADS: threads, WIDTHS: perThread },
        functions: [registerSums(perThread, form)],
      }),
      params: { words: L, inner: X / 4, widths, labels, labelStride: lastOf(label) / 4 },
      workgroups: [Math.ceil((L * tiles) / threads), blocks, 1],
      work: {
        flops: L * widths * X * (2 + 2 * labels),
        bytes: 4 * (2 * L * X + label.shape[0]! * X + L * widths * labels),
      },
    };
  },
};
