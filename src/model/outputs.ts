// What the models give back: plain tensors, shaped and named as Transformers shapes and names them.

/** Float values in row order with their shape. */
export interface Tensor {
  /** Values in row order: the last axis runs fastest. */
  data: Float32Array;
  /** Sizes, outermost first. */
  shape: number[];
}

/** What every model gives on request. */
export interface ModelOutput {
  /** L + 1 tensors [B, N, D]: the embeddings, then the output of every layer. */
  hiddenStates?: Tensor[];
  /** L tensors [B, H, N, N]: the attention probabilities. */
  attentions?: Tensor[];
}

/** What every head gives, besides its logits. */
export interface HeadOutput extends ModelOutput {
  /** Where labels were given. */
  loss?: number;
}

/** The output of DebertaV2Model. */
export interface BaseModelOutput extends ModelOutput {
  /** [B, N, D]. */
  lastHiddenState: Tensor;
}

/** The output of DebertaV2ForMaskedLM. */
export interface MaskedLMOutput extends HeadOutput {
  /** [B, N, V], or [rows, V] of the pairs in `logitsAt`. */
  logits: Tensor;
}

/** The output of DebertaV2ForSequenceClassification. */
export interface SequenceClassifierOutput extends HeadOutput {
  /** [B, C]. */
  logits: Tensor;
}

/** The output of DebertaV2ForTokenClassification. */
export interface TokenClassifierOutput extends HeadOutput {
  /** [B, N, C]. */
  logits: Tensor;
}

/** The output of DebertaV2ForQuestionAnswering. */
export interface QuestionAnsweringModelOutput extends HeadOutput {
  /** [B, N]. */
  startLogits: Tensor;
  /** [B, N]. */
  endLogits: Tensor;
}

/** The output of DebertaV2ForMultipleChoice. Hidden states and attentions are [B · A, …]. */
export interface MultipleChoiceModelOutput extends HeadOutput {
  /** [B, A]. */
  logits: Tensor;
}
