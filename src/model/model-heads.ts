// The five models with a head: masked LM, sequence and token classification, question answering, multiple choice.
import { collectAsked, collectRows, zeros } from "./run/collect.js";
import type { DebertaV2Config } from "./deberta/config.js";
import { UnsupportedError } from "../errors.js";
import type { HeadSpec, LmHead } from "./deberta/heads.js";
import type { Checkpoint } from "./load/named-tensors.js";
import type { OptionTable } from "../options.js";
import { LOAD_OPTIONS, type LoadOptions } from "./load/options.js";
import {
  maskedLmLoss,
  multipleChoiceLoss,
  questionAnsweringLoss,
  sequenceClassificationLoss,
  tokenClassificationLoss,
} from "./losses.js";
import { DebertaV2PreTrainedModel, type ForwardResult } from "./model.js";
import type {
  MaskedLMOutput,
  MultipleChoiceModelOutput,
  QuestionAnsweringModelOutput,
  SequenceClassifierOutput,
  TokenClassifierOutput,
} from "./outputs.js";

/** Options of DebertaV2ForMaskedLM.fromPretrained. */
export interface MaskedLmOptions extends LoadOptions {
  /**
   * Whether the last layer is replaced by the enhanced mask decoder. "auto" (default): when the checkpoint holds its weights
   * although Transformers would not use them. False gives Transformers' numbers.
   */
  readonly enhancedMaskDecoder?: boolean | "auto";
}

const NEW_HEAD = "lm_predictions.lm_head";
const LEGACY_HEAD = "cls.predictions";

/** Which masked-LM head a file holds decides, not the config's `legacy`: official files hold the new one with `legacy` true. */
function lmHead(checkpoint: Checkpoint, config: DebertaV2Config): LmHead {
  const words = "deberta.embeddings.word_embeddings.weight";
  const holds = (prefix: string) => checkpoint.find(`${prefix}.bias`) ?? checkpoint.find(`${prefix}.dense.weight`);
  const legacyToo = checkpoint.find(`${LEGACY_HEAD}.transform.dense.weight`);
  if (holds(NEW_HEAD) && !(config.legacy && legacyToo)) {
    const dense = `${NEW_HEAD}.dense`;
    return {
      dense,
      norm: `${NEW_HEAD}.LayerNorm`,
      bias: `${NEW_HEAD}.bias`,
      width: config.embeddingSize,
      table: words,
      vocabulary: config.vocabSize,
    };
  }
  const own = `${LEGACY_HEAD}.decoder.weight`;
  const table = config.tieWordEmbeddings ? words : own;
  const bias = checkpoint.find(`${LEGACY_HEAD}.bias`) ?? !checkpoint.find(`${LEGACY_HEAD}.decoder.bias`);
  return {
    dense: `${LEGACY_HEAD}.transform.dense`,
    norm: `${LEGACY_HEAD}.transform.LayerNorm`,
    bias: bias ? `${LEGACY_HEAD}.bias` : `${LEGACY_HEAD}.decoder.bias`,
    width: config.embeddingSize,
    table,
    vocabulary: config.vocabSize,
  };
}

/** Masked language modelling, with the paper's enhanced mask decoder where the checkpoint holds it. */
export class DebertaV2ForMaskedLM extends DebertaV2PreTrainedModel<MaskedLMOutput> {
  /** @internal */
  static override readonly options: OptionTable<MaskedLmOptions> = {
    ...LOAD_OPTIONS,
    enhancedMaskDecoder: [true, false, "auto"],
  };
  protected readonly head = "masked-lm";

  /** @internal */
  static headSpec(checkpoint: Checkpoint, config: DebertaV2Config, options: MaskedLmOptions): HeadSpec {
    const lm = lmHead(checkpoint, config);
    const { enhancedMaskDecoder = "auto" } = options;
    const possible =
      !config.positionBiasedInput && config.embeddingSize === config.hiddenSize && config.numHiddenLayers > 1;
    const held =
      lm.dense.startsWith(NEW_HEAD) && checkpoint.find("deberta.embeddings.position_embeddings.weight") !== undefined;
    if (enhancedMaskDecoder === true && !possible && !config.positionBiasedInput)
      throw new UnsupportedError(
        "enhancedMaskDecoder needs at least two layers and embedding_size equal to hidden_size",
      );
    return {
      kind: "maskedLm",
      lm,
      maskDecoder: possible && (enhancedMaskDecoder === "auto" ? held : enhancedMaskDecoder),
    };
  }

  protected output({ inputs, parts }: ForwardResult): MaskedLMOutput {
    const { batch, columns, labels, logitsAt } = inputs;
    const vocabulary = (this.engine.network.head as HeadSpec & { kind: "maskedLm" }).lm.vocabulary;
    if (logitsAt) {
      const wanted = new Map<string, number[]>();
      logitsAt.forEach(([source, column], index) => {
        const key = `${source} ${column}`;
        wanted.set(key, [...(wanted.get(key) ?? []), index]);
      });
      const logits = zeros(logitsAt.length, vocabulary);
      collectAsked(parts, logits, (source, column) => wanted.get(`${source} ${column}`) ?? []);
      if (!labels) return { logits };
      const asked = logitsAt.map(([source, column]) => labels.data[source * columns + column]!);
      return { logits, loss: maskedLmLoss(logits.data, { data: Float64Array.from(asked), shape: [asked.length] }) };
    }
    const logits = collectRows(parts, "logits", [batch, columns, vocabulary]);
    return { logits, ...(labels ? { loss: maskedLmLoss(logits.data, labels) } : {}) };
  }
}

/** One label for a whole sequence, from the context pooler. */
export class DebertaV2ForSequenceClassification extends DebertaV2PreTrainedModel<SequenceClassifierOutput> {
  protected readonly head = "sequence-classification";

  /** @internal */
  static headSpec(_checkpoint: Checkpoint, config: DebertaV2Config): HeadSpec {
    return { kind: "pooled", labels: config.numLabels };
  }

  protected output({ inputs: { batch, labels }, parts }: ForwardResult): SequenceClassifierOutput {
    const logits = collectAsked(parts, zeros(batch, this.config.numLabels), (source) => [source]);
    return { logits, ...(labels ? { loss: sequenceClassificationLoss(logits.data, this.config, labels) } : {}) };
  }
}

/** One label for every token. */
export class DebertaV2ForTokenClassification extends DebertaV2PreTrainedModel<TokenClassifierOutput> {
  protected readonly head = "token-classification";

  /** @internal */
  static headSpec(checkpoint: Checkpoint, config: DebertaV2Config): HeadSpec {
    const proj = checkpoint.find("proj.weight");
    if (proj) {
      throw new UnsupportedError(
        `${proj.file}: ${proj.name} is not supported (the original authors' layer before the classifier, which Transformers does not have)`,
      );
    }
    return { kind: "rows", prefix: "classifier", labels: config.numLabels };
  }

  protected output({ inputs: { batch, columns, labels }, parts }: ForwardResult): TokenClassifierOutput {
    const logits = collectRows(parts, "logits", [batch, columns, this.config.numLabels]);
    return { logits, ...(labels ? { loss: tokenClassificationLoss(logits.data, labels) } : {}) };
  }
}

/** Start and end of an answer span. */
export class DebertaV2ForQuestionAnswering extends DebertaV2PreTrainedModel<QuestionAnsweringModelOutput> {
  protected readonly head = "question-answering";

  /** @internal */
  static headSpec(_checkpoint: Checkpoint, config: DebertaV2Config): HeadSpec {
    if (config.numLabels !== 2)
      throw new UnsupportedError(`config.json: num_labels ${config.numLabels} is not supported (a span has 2)`);
    return { kind: "rows", prefix: "qa_outputs", labels: 2 };
  }

  protected output({ inputs, parts }: ForwardResult): QuestionAnsweringModelOutput {
    const { batch, columns, rows, startPositions, endPositions } = inputs;
    const both = collectRows(parts, "logits", [batch, columns, 2]).data;
    const startLogits = zeros(batch, columns);
    const endLogits = zeros(batch, columns);
    for (let i = 0; i < batch * columns; i++) {
      startLogits.data[i] = both[2 * i]!;
      endLogits.data[i] = both[2 * i + 1]!;
    }
    if (!startPositions || !endPositions) return { startLogits, endLogits };
    const loss = questionAnsweringLoss(startLogits.data, endLogits.data, rows, startPositions, endPositions);
    return { startLogits, endLogits, loss };
  }
}

/** One score for every choice, from the context pooler. */
export class DebertaV2ForMultipleChoice extends DebertaV2PreTrainedModel<MultipleChoiceModelOutput> {
  protected readonly head = "multiple-choice";

  /** @internal */
  static headSpec(): HeadSpec {
    return { kind: "pooled", labels: 1 };
  }

  protected output({ inputs: { batch, choices = 1, labels }, parts }: ForwardResult): MultipleChoiceModelOutput {
    const flat = collectAsked(parts, zeros(batch, 1), (source) => [source]);
    const logits = { data: flat.data, shape: [batch / choices, choices] };
    return { logits, ...(labels ? { loss: multipleChoiceLoss(logits.data, labels) } : {}) };
  }
}
