// Shape rules: the result's type, and what the message says about the operand that does not fit.
import { expect, test } from "vitest";
import {
  attentionScores,
  attentionValues,
  conv1d,
  gatherAddRows,
  gatherRows,
  layerNorm,
  maskedAddLayerNorm,
  maskedConv1d,
  matmul,
  addMatmul,
  packWeights,
  relativeProducts,
  softmax,
} from "../../src/kernels/index.js";
import { elements, f32, lastOf, padded, rowsOf, u32 } from "../../src/kernels/kernel.js";
import {
  ATTENTION,
  CONV,
  CONV_ATTRS,
  LAYER_NORM_ATTRS,
  NORM,
  PACK_ATTRS,
  PRODUCT,
  RELATIVE_ATTRS,
  sample,
  SCORE_ATTRS,
  type Sample,
  VALUE_ATTRS,
} from "./samples.js";

const tile = attentionScores("tile", true);
const gather = attentionScores("gather", false);
const RELATIVE = { ...ATTENTION, key: ATTENTION.posK };

const RESULTS: readonly (readonly [Sample, shape: readonly number[]])[] = [
  [sample(matmul, PRODUCT, {}), [33, 60]],
  [sample(matmul, { ...PRODUCT, x: f32(2, 3, 48) }, {}), [2, 3, 60]],
  [sample(matmul, PRODUCT, { columns: [8, 20] }), [33, 12]],
  [sample(matmul, PRODUCT, { columns: [8, 20], place: { width: 100, from: 88 } }), [33, 100]],
  [sample(layerNorm, NORM, LAYER_NORM_ATTRS), [33, 48]],
  [sample(conv1d, CONV, CONV_ATTRS), [33, 48]],
  [sample(gatherRows, { x: f32(33, 48), rows: u32(7) }, {}), [7, 48]],
  [sample(tile, ATTENTION, SCORE_ATTRS), [4000]],
  [sample(attentionValues, ATTENTION, VALUE_ATTRS), [33, 48]],
  [sample(softmax, ATTENTION, { heads: 3, scores: 4000 }), [4000]],
  [sample(relativeProducts, RELATIVE, { ...RELATIVE_ATTRS, rows: [3, 20] }), [17, 3, 8]],
  [sample(packWeights, { file: u32(357) }, PACK_ATTRS), [20, 144]],
  [sample(packWeights, { file: u32(21) }, { ...PACK_ATTRS, into: { rows: 1, columns: 48, from: 0 } }), [48]],
];

test.each(RESULTS)("result $0.name -> $1", ({ result }, shape) => {
  expect(result()).toEqual({ shape, dtype: "f32" });
});

const REFUSED: readonly (readonly [Sample, message: string])[] = [
  [
    sample(matmul, { ...PRODUCT, w: f32(44, 60) }, {}),
    "matmul: w is f32 [44, 60], expected f32 or a packed type [48, *]",
  ],
  [
    sample(matmul, { ...PRODUCT, w: u32(48, 60) }, {}),
    "matmul: w is u32 [48, 60], expected f32 or a packed type [48, *]",
  ],
  [sample(matmul, { ...PRODUCT, bias: f32(1, 60) }, {}), "matmul: bias is f32 [1, 60], expected f32 [60]"],
  [sample(matmul, { ...PRODUCT, x: f32(33, 47) }, {}), "matmul: the last axis of x is 47, expected a multiple of 4"],
  [sample(matmul, PRODUCT, { columns: [2, 60] }), "matmul: columns 2 to 60 of w [48, 60]"],
  [sample(matmul, PRODUCT, { columns: [20, 20] }), "matmul: columns 20 to 20 of w [48, 60]"],
  [sample(matmul, PRODUCT, { columns: [0, 64] }), "matmul: columns 0 to 64 of w [48, 60]"],
  [sample(matmul, PRODUCT, { place: { width: 64, from: 8 } }), "matmul: 60 columns do not fit at 8 of 64"],
  [
    sample(addMatmul, { ...PRODUCT, residual: f32(32, 60) }, {}),
    "addMatmul: residual is f32 [32, 60], expected f32 [33, 60]",
  ],
  [sample(layerNorm, { ...NORM, gamma: f32(44) }, LAYER_NORM_ATTRS), "layerNorm: gamma is f32 [44], expected f32 [48]"],
  [sample(layerNorm, { ...NORM, beta: f32(44) }, LAYER_NORM_ATTRS), "layerNorm: beta is f32 [44], expected f32 [48]"],
  [sample(layerNorm, NORM, { columns: 49, eps: 1 }), "layerNorm: columns 49 exceeds x [33, 48]"],
  [
    sample(maskedAddLayerNorm, { ...NORM, residual: f32(33, 44) }, LAYER_NORM_ATTRS),
    "maskedAddLayerNorm: residual is f32 [33, 44], expected f32 [33, 48]",
  ],
  [
    sample(maskedAddLayerNorm, { ...NORM, keepRows: f32(32) }, LAYER_NORM_ATTRS),
    "maskedAddLayerNorm: keepRows is f32 [32], expected f32 [33]",
  ],
  [sample(conv1d, CONV, { ...CONV_ATTRS, taps: 2 }), "conv1d: taps is 2, expected an odd number"],
  [
    sample(conv1d, CONV, { ...CONV_ATTRS, taps: 5 }),
    "conv1d: w is f32 [144, 48], expected f32 or a packed type [240, 48]",
  ],
  [sample(conv1d, { ...CONV, bounds: u32(33) }, CONV_ATTRS), "conv1d: bounds is u32 [33], expected u32 [33, 2]"],
  [
    sample(maskedConv1d, { ...CONV, keepRows: u32(33) }, CONV_ATTRS),
    "maskedConv1d: keepRows is u32 [33], expected f32 [33]",
  ],
  [sample(gatherRows, { x: f32(48), rows: u32(7) }, {}), "gatherRows: x is f32 [48], expected f32 [*, *]"],
  [sample(gatherRows, { x: f32(3, 48), rows: f32(7) }, {}), "gatherRows: rows is f32 [7], expected u32 [*]"],
  [
    sample(gatherAddRows, { x: f32(3, 48), rows: u32(7), added: f32(3, 48) }, {}),
    "gatherAddRows: added is f32 [3, 48], expected f32 [7, 48]",
  ],
  [
    sample(tile, { ...ATTENTION, tiles: u32(5, 8) }, SCORE_ATTRS),
    "attentionScoresMasked: tiles is u32 [5, 8], expected u32 [*, 10]",
  ],
  [
    sample(tile, { ...ATTENTION, slots: u32(12) }, SCORE_ATTRS),
    "attentionScoresMasked: slots is u32 [12], expected u32 [13]",
  ],
  [
    sample(tile, { ...ATTENTION, posQ: f32(8, 32) }, SCORE_ATTRS),
    "attentionScoresMasked: posQ is f32 [8, 32], expected f32 [*, 48]",
  ],
  [
    sample(tile, ATTENTION, { ...SCORE_ATTRS, headWidth: 14 }),
    "attentionScoresMasked: headWidth is 14, expected a multiple of 4",
  ],
  [
    sample(tile, ATTENTION, { ...SCORE_ATTRS, keyFrom: 100 }),
    "attentionScoresMasked: key [33, 144] has no 48 columns from 100",
  ],
  [
    sample(tile, ATTENTION, { ...SCORE_ATTRS, queryFrom: 2 }),
    "attentionScoresMasked: queryFrom is 2, expected a multiple of 4",
  ],
  [
    sample(gather, { ...ATTENTION, kp: f32(33, 3, 9) }, SCORE_ATTRS),
    "attentionScoresGather: kp is f32 [33, 3, 9], expected f32 [*, 3, 8]",
  ],
  [
    sample(attentionValues, ATTENTION, { ...VALUE_ATTRS, valueFrom: 100 }),
    "attentionValues: value [33, 144] has no 48 columns from 100",
  ],
  [
    sample(softmax, { rows: u32(33, 2) }, { heads: 3, scores: 4000 }),
    "softmax: rows is u32 [33, 2], expected u32 [*, 3]",
  ],
  [
    sample(relativeProducts, RELATIVE, { ...RELATIVE_ATTRS, rows: [0, 34] }),
    "relativeProducts: rows 0 to 34, columns from 0 of [33, 144]",
  ],
  [
    sample(relativeProducts, { ...RELATIVE, bounds: u32(32, 2) }, RELATIVE_ATTRS),
    "relativeProducts: bounds is u32 [32, 2], expected u32 [33, 2]",
  ],
  [sample(packWeights, { file: f32(9) }, PACK_ATTRS), "packWeights: file is f32 [9], expected u32 [*]"],
  [
    sample(packWeights, { file: u32(9) }, { ...PACK_ATTRS, into: { rows: 20, columns: 144, from: 100 } }),
    "packWeights: 48 columns from 100 exceed 144",
  ],
];

test.each(REFUSED)("refuses $1", ({ result }, message) => {
  expect(result).toThrow(new RangeError(message));
});

test("sizes of tensors", () => {
  expect(elements(f32(2, 3, 4))).toBe(24);
  expect(elements(f32())).toBe(1);
  expect(lastOf(f32(2, 3))).toBe(3);
  expect(rowsOf(f32(2, 3, 4))).toBe(6);
  expect([0, 1, 4, 5].map((size) => padded(size, 4))).toEqual([0, 4, 4, 8]);
});
