// All kernels, for tests, benches and the subpath deberta-webgpu/runtime.
export { type Activation, ACTIVATIONS } from "./activation.js";
export { attentionScores, type RelativeForm, type ScoreAttrs, scoreTileSize, TILE_FIELDS } from "./attention-scores.js";
export { attentionValues, type ValueAttrs, valueTileSize } from "./attention-values.js";
export { conv1d, type Conv1dAttrs, conv1dAs, maskedConv1d } from "./conv1d.js";
export { gatherAddRows, gatherRows } from "./gather-rows.js";
export { groupAttention, type GroupAttentionAttrs } from "./group-attention.js";
export { type GruAttrs, gruStep } from "./gru-step.js";
export {
  byteLength,
  type Capabilities,
  type Dispatch,
  type DType,
  type Each,
  elements,
  type Kernel,
  type TensorType,
} from "./kernel.js";
export { addLayerNorm, layerNorm, type LayerNormAttrs, maskedAddLayerNorm, maskedLayerNorm } from "./layer-norm.js";
export { lstm, type LstmAttrs, lstmSteps } from "./lstm.js";
export { addMatmul, matmul, type MatmulAttrs, matmulAs } from "./matmul.js";
export { type MatmulPlan, type MatmulShape, planMatmul, planText } from "./matmul/plan.js";
export { type FileLayout, type PackAttrs, packWeights, type PackedDType, type PaddedAxis } from "./pack-weights.js";
export { pairMatmul, sumMatmul, type SumMatmulAttrs } from "./pair-matmul.js";
export { poolRows, type PoolAttrs, type Pooling, POOLINGS } from "./pool-rows.js";
export { relativeProducts, type RelativeProductAttrs } from "./relative-products.js";
export { addScaledRows, type ScaleAttrs, scaleRows } from "./scale-rows.js";
export { SCORE_ROW_FIELDS, softmax, type SoftmaxAttrs } from "./softmax.js";
export { SPAN_WORD_FIELDS, type SpanAttrs, spanScores } from "./span-scores.js";
