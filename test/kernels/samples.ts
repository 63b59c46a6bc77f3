// One call of every kernel, with plausible operands: what the tests of reflection, grids and preludes go through.
import {
  addLayerNorm,
  addScaledRows,
  addMatmul,
  attentionScores,
  attentionValues,
  type Capabilities,
  conv1d,
  type Dispatch,
  gatherAddRows,
  gatherRows,
  groupAttention,
  gruStep,
  type Kernel,
  layerNorm,
  lstm,
  maskedAddLayerNorm,
  maskedConv1d,
  maskedLayerNorm,
  matmul,
  packWeights,
  pairMatmul,
  poolRows,
  type RelativeForm,
  relativeProducts,
  scaleRows,
  softmax,
  spanScores,
  sumMatmul,
  type TensorType,
} from "../../src/kernels/index.js";
import { f32, u32 } from "../../src/kernels/kernel.js";

export interface Sample {
  readonly name: string;
  readonly kernel: { readonly name: string; readonly operands: readonly string[] };
  readonly inputs: readonly TensorType[];
  readonly result: () => TensorType;
  readonly dispatch: (device: Capabilities) => Dispatch;
}

/** `inputs` are by operand name, so that a case may leave one out or change it. */
export function sample<Attrs extends object>(
  kernel: Kernel<readonly string[], Attrs>,
  types: Readonly<Record<string, TensorType>>,
  attrs: Attrs,
  name: string = kernel.name,
): Sample {
  const inputs = kernel.operands.map((operand) => types[operand]!);
  return {
    name,
    kernel,
    inputs,
    result: () => kernel.result(inputs, attrs),
    dispatch: (device) => kernel.dispatch(inputs, attrs, device),
  };
}

const T = 33;
const D = 48;
const [heads, headWidth, slots, reach] = [3, 16, 8, 6];

export const NORM = { x: f32(T, D), gamma: f32(D), beta: f32(D), residual: f32(T, D), keepRows: f32(T) };
export const PRODUCT = { x: f32(T, D), w: f32(D, 60), bias: f32(60), residual: f32(T, 60) };
export const CONV = { x: f32(T, D), w: f32(3 * D, D), bias: f32(D), bounds: u32(T, 2), keepRows: f32(T) };
export const ATTENTION = {
  query: f32(T, 3 * D),
  key: f32(T, 3 * D),
  value: f32(T, 3 * D),
  tiles: u32(5, 10),
  slots: u32(2 * reach + 1),
  posK: f32(slots, D),
  posQ: f32(slots, D),
  qp: f32(T, heads, slots),
  kp: f32(T, heads, slots),
  mask: u32(99),
  bounds: u32(T, 2),
  probabilities: f32(4000),
  rows: u32(T, 3),
};
export const SCORE_ATTRS = {
  heads,
  headWidth,
  queryFrom: 0,
  keyFrom: D,
  scores: 4000,
  c2p: true,
  p2c: true,
  reach,
  slots,
  singleRows: false,
  firstQuery: 0,
  pairs: 1000,
};
export const VALUE_ATTRS = { heads, headWidth, valueFrom: 2 * D, rows: T, singleRows: false, pairs: 1000 };
export const RELATIVE_ATTRS = { heads, headWidth, queryFrom: 0, rows: [0, T], reach, sign: 1 } as const;
export const PACK_ATTRS = {
  dtype: "F16",
  layout: { kind: "linear" },
  input: { size: 17, group: 17, padded: 20 },
  output: { size: 42, group: 14, padded: 16 },
  scale: 0.5,
  into: { rows: 20, columns: 144, from: 48 },
} as const;
export const LAYER_NORM_ATTRS = { columns: 47, eps: 1e-7 };
export const CONV_ATTRS = { taps: 3, activation: "tanh" } as const;

/** What the models for extraction add. */
export const EXTRACTION = {
  x: f32(T, D),
  w: f32(D, 60),
  bias: f32(60),
  other: f32(5, D),
  added: f32(T, 60),
  otherAdded: f32(5, 60),
  pairs: u32(40, 2),
  segments: u32(7, 2),
  start: f32(T, D),
  end: f32(T, D),
  label: f32(5, D + 4),
  words: u32(T, 3),
  scales: f32(2, 8),
  groups: u32(T),
};
export const LSTM = { gates: f32(T, 8 * 12), weight: f32(12, 8 * 12), bias: f32(8 * 12), texts: u32(3, 2) };

const FORMS: readonly RelativeForm[] = ["none", "tile", "gather"];

export const SAMPLES: readonly Sample[] = [
  sample(matmul, PRODUCT, { activation: "gelu" }),
  sample(addMatmul, PRODUCT, { columns: [0, 60] }),
  sample(layerNorm, NORM, LAYER_NORM_ATTRS),
  sample(addLayerNorm, NORM, LAYER_NORM_ATTRS),
  sample(maskedLayerNorm, NORM, LAYER_NORM_ATTRS),
  sample(maskedAddLayerNorm, NORM, LAYER_NORM_ATTRS),
  sample(conv1d, CONV, CONV_ATTRS),
  sample(maskedConv1d, CONV, CONV_ATTRS),
  ...FORMS.flatMap((form) =>
    [false, true].map((masked) =>
      sample(
        attentionScores(form, masked),
        ATTENTION,
        SCORE_ATTRS,
        `attentionScores ${form}${masked ? " masked" : ""}`,
      ),
    ),
  ),
  sample(
    attentionScores("tile", false),
    ATTENTION,
    { ...SCORE_ATTRS, singleRows: true },
    "attentionScores single rows",
  ),
  sample(relativeProducts, { ...ATTENTION, key: ATTENTION.posK }, RELATIVE_ATTRS),
  sample(softmax, ATTENTION, { heads, scores: 4000 }),
  sample(attentionValues, ATTENTION, VALUE_ATTRS),
  sample(gatherRows, { x: f32(T, D), rows: u32(7) }, {}),
  sample(gatherAddRows, { x: f32(T, D), rows: u32(7), added: f32(7, D) }, {}),
  sample(poolRows, EXTRACTION, { pooling: "mean" }),
  sample(spanScores, EXTRACTION, { widths: 4, labels: 5, form: "relu" }),
  sample(
    spanScores,
    { ...EXTRACTION, label: f32(5, 2 * D + 4) },
    { widths: 20, labels: 5, form: "sum" },
    "spanScores sum",
  ),
  sample(lstm, LSTM, { hidden: 12, steps: [0, 8] }),
  sample(sumMatmul, EXTRACTION, { activation: "relu" }),
  sample(pairMatmul, EXTRACTION, { activation: "relu" }),
  sample(gruStep, { input: f32(20, 3 * D), hidden: f32(T, 3 * D), h: f32(T, D) }, { step: 3 }),
  sample(groupAttention, { qkv: f32(T, 3 * D), bounds: u32(T, 2) }, { heads: 3, scale: 0.25 }),
  sample(scaleRows, EXTRACTION, { column: 3 }),
  sample(addScaledRows, { ...EXTRACTION, added: f32(T, D) }, { column: 0 }),
  sample(packWeights, { file: u32(357) }, PACK_ATTRS),
];
