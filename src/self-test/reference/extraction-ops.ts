// The float64 twins of the kernels that only models for extraction use.
import { lastOf, rowsOf } from "../../kernels/kernel.js";
import type { GroupAttentionAttrs } from "../../kernels/group-attention.js";
import type { GruAttrs } from "../../kernels/gru-step.js";
import type { LstmAttrs } from "../../kernels/lstm.js";
import type { SumMatmulAttrs } from "../../kernels/pair-matmul.js";
import type { PoolAttrs, Pooling } from "../../kernels/pool-rows.js";
import type { ScaleAttrs } from "../../kernels/scale-rows.js";
import type { SpanAttrs } from "../../kernels/span-scores.js";
import { activate } from "./activations.js";
import type { Tensor, Twin } from "./twin.js";

const row = ({ type, data }: Tensor, index: number): number[] => {
  const width = lastOf(type);
  return Array.from({ length: width }, (_, column) => data[index * width + column]!);
};
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const POOL: Record<Pooling, (values: number[]) => number> = {
  mean,
  sum: (values) => values.reduce((a, b) => a + b, 0),
  max: (values) => Math.max(...values),
  rms: (values) => Math.sqrt(mean(values.map((value) => value ** 2))),
  absMax: (values) => Math.max(...values.map(Math.abs)),
  absMean: (values) => mean(values.map(Math.abs)),
};

const poolRows: Twin<PoolAttrs> = ({ x, segments }, { pooling, activation = "linear" }, y) => {
  const D = lastOf(x!.type);
  for (let r = 0; r < rowsOf(segments!.type); r++) {
    const [first, count] = row(segments!, r) as [number, number];
    for (let c = 0; c < D; c++) {
      const values = Array.from({ length: count }, (_, i) => x!.data[(first + i) * D + c]!);
      y[r * D + c] = activate(activation, count > 0 ? POOL[pooling](values) : 0);
    }
  }
};

const spanScores: Twin<SpanAttrs> = ({ start, end, label, words }, { widths, labels, form }, y) => {
  const [L, X, C] = [rowsOf(start!.type), lastOf(start!.type), 4 * Math.ceil(labels / 4)];
  for (let i = 0; i < L; i++) {
    const [firstLabel, known, last] = row(words!, i) as [number, number, number];
    for (let k = 0; k < widths; k++) {
      for (let c = 0; c < C; c++) {
        const at = (i * widths + k) * C + c;
        y[at] = -1e30;
        if (c >= known || i + k >= last) continue;
        const [a, b, v] = [row(start!, i), row(end!, i + k), row(label!, firstLabel + c)];
        const product =
          form === "relu"
            ? dot(
                a.map((value, n) => Math.max(0, value + b[n]!)),
                v.slice(0, X),
              )
            : dot(a, v.slice(0, X)) + dot(b, v.slice(X, 2 * X));
        y[at] = product + v.at(-4)!;
      }
    }
  }
};

const lstm: Twin<LstmAttrs> = ({ gates, weight, bias, texts }, { hidden: H, steps: [from, to] }, y) => {
  const rows = rowsOf(gates!.type);
  for (let text = 0; text < rowsOf(texts!.type); text++) {
    const [first, count] = row(texts!, text) as [number, number];
    for (const direction of [0, 1]) {
      const at = (step: number) => first + (direction ? count - 1 - step : step);
      const kept = (rows + text) * 2 * H + direction * H;
      const end = Math.min(to, count);
      if (from >= end) continue;
      const begun = from > 0;
      let h = Array.from({ length: H }, (_, j) => (begun ? y[at(from - 1) * 2 * H + direction * H + j]! : 0));
      let c = Array.from({ length: H }, (_, j) => (begun ? y[kept + j]! : 0));
      for (let step = from; step < end; step++) {
        const gate = (g: number, j: number): number => {
          const column = direction * 4 * H + g * H + j;
          let sum = gates!.data[at(step) * 8 * H + column]! + bias!.data[column]!;
          for (let k = 0; k < H; k++) sum += h[k]! * weight!.data[k * 8 * H + column]!;
          return sum;
        };
        c = c.map((value, j) => sigmoid(gate(1, j)) * value + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
        h = c.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value));
        y.set(h, at(step) * 2 * H + direction * H);
      }
      y.set(c, kept);
    }
  }
};

/** x[i] · w + bias. */
const linear = (x: readonly number[], w: Tensor, bias: Tensor): number[] => {
  const N = lastOf(w.type);
  return Array.from({ length: N }, (_, n) =>
    x.reduce((sum, value, k) => sum + value * w.data[k * N + n]!, bias.data[n]!),
  );
};

const sumMatmul: Twin<SumMatmulAttrs> = ({ x, w, bias, added }, { activation }, y) => {
  for (let r = 0; r < rowsOf(x!.type); r++) {
    const sums = linear(row(x!, r), w!, bias!);
    sums.forEach((sum, n) => (y[r * sums.length + n] = activate(activation, sum + added!.data[r * sums.length + n]!)));
  }
};

const pairMatmul: Twin<SumMatmulAttrs> = ({ x, w, bias, other, added, otherAdded, pairs }, { activation }, y) => {
  for (let r = 0; r < rowsOf(pairs!.type); r++) {
    const [i, j] = row(pairs!, r) as [number, number];
    const b = row(other!, j);
    const sums = linear(
      row(x!, i).map((value, k) => value * b[k]!),
      w!,
      bias!,
    );
    const [u, v] = [row(added!, i), row(otherAdded!, j)];
    sums.forEach((sum, n) => (y[r * sums.length + n] = activate(activation, sum + u[n]! + v[n]!)));
  }
};

const gruStep: Twin<GruAttrs> = ({ input, hidden, h }, { step }, y) => {
  const D = lastOf(h!.type);
  for (let r = 0; r < rowsOf(h!.type); r++) {
    const [x, g, before] = [row(input!, step), row(hidden!, r), row(h!, r)];
    for (let c = 0; c < D; c++) {
      const reset = sigmoid(x[c]! + g[c]!);
      const z = sigmoid(x[D + c]! + g[D + c]!);
      y[r * D + c] = (1 - z) * Math.tanh(x[2 * D + c]! + reset * g[2 * D + c]!) + z * before[c]!;
    }
  }
};

const groupAttention: Twin<GroupAttentionAttrs> = ({ qkv, bounds }, { heads, scale }, y) => {
  const D = lastOf(qkv!.type) / 3;
  const d = D / heads;
  for (let i = 0; i < rowsOf(qkv!.type); i++) {
    const [first, end] = row(bounds!, i) as [number, number];
    for (let head = 0; head < heads; head++) {
      const part = (r: number, which: number) => row(qkv!, r).slice(which * D + head * d, which * D + (head + 1) * d);
      const keys = Array.from({ length: end - first }, (_, j) => first + j);
      const e = keys.map((j) => Math.exp(scale * dot(part(i, 0), part(j, 1))));
      const total = e.reduce((a, b) => a + b, 0);
      for (let c = 0; c < d; c++)
        y[i * D + head * d + c] = keys.reduce((sum, j, at) => sum + (e[at]! / total) * part(j, 2)[c]!, 0);
    }
  }
};

const scaleRows: Twin<ScaleAttrs> = ({ x, scales, groups, added }, { column }, y) => {
  const [D, C] = [lastOf(x!.type), lastOf(scales!.type)];
  for (let r = 0; r < rowsOf(x!.type); r++) {
    const scale = scales!.data[groups!.data[r]! * C + column]!;
    for (let c = 0; c < D; c++) y[r * D + c] = scale * x!.data[r * D + c]! + (added?.data[r * D + c] ?? 0);
  }
};

export const EXTRACTION_TWINS: Readonly<Record<string, Twin<never>>> = {
  poolRows,
  spanScores,
  lstm,
  sumMatmul,
  pairMatmul,
  gruStep,
  groupAttention,
  scaleRows,
  addScaledRows: scaleRows,
};
