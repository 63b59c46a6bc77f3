// GLiNERModel: entities of any type, given as labels in the prompt. Loads the library's folders, runs tokens with word numbers, gives
// scores of spans (or of words, token level). What prompts and words are is the task's affair.
import type { Source } from "../../checkpoint/source.js";
import { CheckpointError } from "../../errors.js";
import type { ModelInputs } from "../inputs/types.js";
import { readOptions } from "../../options.js";
import { integersOf, rowsOf } from "../inputs/arrays.js";
import { loadEngine } from "../load-engine.js";
import type { Checkpoint } from "../load/named-tensors.js";
import type { LoadOptions } from "../load/options.js";
import type { Tensor } from "../outputs.js";
import { zeros } from "../run/collect.js";
import type { ForwardOptions } from "../run/calls.js";
import type { PartResult } from "../run/engine.js";
import { backboneConfig } from "./backbone.js";
import { type Opened, openWithBase } from "./base-model.js";
import { ExtractionModel, type RowKind } from "./extraction-model.js";
import { GLINER_CONFIG, GlinerConfig } from "./gliner-config.js";
import { glinerNetwork, TOKEN_SCORES } from "./gliner-network.js";
import { LSTM_OPTIONS, type LstmOptions, lstmColumns, lstmLayersOf, runsOnHost } from "./lstm-layer.js";
import { pairBlocks } from "./pair-scorer.js";
import { type Columns, type ExtractionRequest, extentsOf, type SequenceParts, sizesOf } from "./word-rows.js";

/** A request: the prompt and the words of each text as tokens. */
export interface GlinerInputs extends ModelInputs {
  /** `[B, N]`: 0, or the number of the word, from 1, that a token belongs to. */
  readonly wordsMask: ModelInputs["inputIds"];
  /** `[B]`: words of each text. */
  readonly textLengths: readonly number[] | Int32Array;
}

/** Scores before the sigmoid. */
export interface GlinerOutput {
  /** Spans: [B, L, K, C], −1e30 where a span passes its text's end. Token level: [B, L, C, 3] (start, end, inside). */
  readonly logits: Tensor;
}

/** Options of `GLiNERModel.fromPretrained`. */
export type GlinerOptions = LstmOptions;

/** Reads a GLiNER's configs. @throws UnsupportedError and CheckpointError */
export const openGliner = (source: Source, options: LoadOptions): Promise<Opened<GlinerConfig>> =>
  openWithBase(source, options, GLINER_CONFIG, (json) => new GlinerConfig(json));

/**
 * A GLiNER model: scores of spans, or of words, for labels that stand in the prompt. `pipeline("entity-extraction")` makes prompts
 * and entities of it.
 */
export class GLiNERModel extends ExtractionModel<GlinerInputs> {
  /** What gliner_config.json says. */
  readonly gliner: GlinerConfig;
  private readonly classToken: number;
  private readonly lstmLayers: number;

  private constructor(engine: GLiNERModel["engine"], gliner: GlinerConfig, classToken: number, lstmLayers: number) {
    super(engine);
    this.gliner = gliner;
    this.classToken = classToken;
    this.lstmLayers = lstmLayers;
  }

  /**
   * Loads gliner_config.json and weights.
   * @throws as `DebertaV2PreTrainedModel.fromPretrained`
   */
  static async fromPretrained(source: Source, given: LstmOptions = {}): Promise<GLiNERModel> {
    const options = readOptions("GLiNERModel.fromPretrained", given, LSTM_OPTIONS);
    return GLiNERModel.load(await openGliner(source, options), options);
  }

  /**
   * @internal
   * @param markerId the marker's id by the tokenizer, which a config may leave open
   */
  static async load(
    { folder, config: gliner, base }: Opened<GlinerConfig>,
    options: LstmOptions,
    markerId?: number,
  ): Promise<GLiNERModel> {
    let classToken = gliner.classTokenIndex ?? markerId ?? -1;
    let layers = 0;
    const engine = await loadEngine<ExtractionRequest, GLiNERModel["engine"]["network"]>(
      folder,
      options,
      (_, device) => {
        const hostLstm = runsOnHost(options, device.capabilities);
        return Promise.resolve((checkpoint: Checkpoint) => {
          const config = backboneConfig(base.backbone, checkpoint);
          // Three tokens were added to the table last: the marker is the second of them.
          if (classToken < 0) classToken = config.vocabSize - 2;
          if (classToken >= config.vocabSize)
            throw new CheckpointError(
              `${GLINER_CONFIG}: class_token_index ${classToken} is beyond the ${config.vocabSize} rows of the word table`,
            );
          layers = lstmLayersOf(checkpoint, "rnn.lstm");
          const fuseInner = checkpoint.rows("token_rep_layer.bert_layer.layers_fuser.W1.weight", 1);
          return glinerNetwork(config, { gliner, lstmLayers: layers, fuseInner, hostLstm });
        });
      },
    );
    return new GLiNERModel(engine, gliner, classToken, layers);
  }

  /**
   * @throws TypeError or RangeError for bad inputs, before anything is sent to the GPU; DisposedError, DeviceError
   */
  async forward(inputs: GlinerInputs, options: ForwardOptions = {}): Promise<GlinerOutput> {
    await this.reloaded();
    const request = this.requestOf(inputs);
    const parts = await this.engine.forward(request, options);
    return { logits: this.gliner.isTokenLevel ? this.wordLogits(request, parts) : this.spanLogits(request, parts) };
  }

  /** As of any model, with a line about spans, labels and LSTM in front. */
  override describe(): string {
    const { spanMode, maxWidth, hiddenSize, modelName } = this.gliner;
    const kind = this.gliner.isTokenLevel ? "token level" : `spans ${spanMode} of up to ${maxWidth} words`;
    return `GLiNER · ${kind} · hidden size ${hiddenSize} · ${this.lstmLayers} LSTM layers · labels in the prompt · backbone ${modelName}\n${super.describe()}`;
  }

  protected over(engine: GLiNERModel["engine"]): this {
    return new GLiNERModel(engine, this.gliner, this.classToken, this.lstmLayers) as this;
  }

  protected requestOf(inputs: GlinerInputs): ExtractionRequest {
    const { wordsMask, textLengths, ...model } = inputs;
    const checked = this.check(model);
    const lengths = Array.from(textLengths as ArrayLike<number>);
    if (lengths.length !== checked.batch || lengths.some((length) => !Number.isInteger(length) || length < 0))
      throw new TypeError(`textLengths: ${checked.batch} numbers of words are expected`);
    const { rows } = rowsOf("wordsMask", wordsMask, 2);
    if (rows.length !== checked.batch)
      throw new TypeError(`wordsMask has ${rows.length} rows for ${checked.batch} sequences`);
    const parts = rows.map((row, index): SequenceParts => {
      const { ids, mask, length } = checked.rows[index]!;
      if (row.values.length !== length)
        throw new TypeError(`${row.place} has ${row.values.length} columns, its sequence ${length}`);
      const numbers = integersOf(row, 0, Math.max(length, lengths[index]!), "words are numbered from 1");
      const words = Array.from({ length: lengths[index]! }, () => [0, 0] as [number, number]);
      numbers.forEach((number, column) => {
        const word = words[number - 1];
        if (!word || mask?.[column] === 0) return;
        if (word[1] === 0) word[0] = column;
        word[1] = column - word[0] + 1;
      });
      const labels: Columns[] = [];
      const offset = this.gliner.embedEntToken ? 0 : 1;
      ids?.forEach((id, column) => {
        if (id === this.classToken && mask?.[column] !== 0 && column + offset < length)
          labels.push([column + offset, 1]);
      });
      return { words, labels };
    });
    return { ...checked, parts };
  }

  protected rowsOf(name: string): RowKind | undefined {
    const width = this.gliner.hiddenSize;
    if (name === "token_embeddings") return { rows: "tokens", width };
    if (name === "prompts" || name === "label_rep") return { rows: "labels", width };
    if (name === "words_before_lstm") return { rows: "words", width };
    if (name !== "words") return undefined;
    return { rows: "words", width, ...(this.lstmLayers > 0 ? { columns: lstmColumns(width) } : {}) };
  }

  private spanLogits(request: ExtractionRequest, parts: readonly PartResult<ExtractionRequest>[]): Tensor {
    const { maxWidth: K } = this.gliner;
    const [L, C] = mostOf(request);
    const logits = zeros(request.batch, L, K, C);
    logits.data.fill(-1e30);
    for (const part of parts) {
      const extents = extentsOf(part);
      const scores = part.outputs.get("logits")!; // [rows, K, stride]
      const stride = sizesOf(extents).mostLabels;
      for (const { source, firstWord, words, labels } of extents) {
        for (let row = 0; row < words * K; row++) {
          const from = (firstWord * K + row) * stride;
          logits.data.set(scores.subarray(from, from + labels), (source * L * K + row) * C);
        }
      }
    }
    return logits;
  }

  private wordLogits(request: ExtractionRequest, parts: readonly PartResult<ExtractionRequest>[]): Tensor {
    const [L, C] = mostOf(request);
    const logits = zeros(request.batch, L, C, TOKEN_SCORES);
    logits.data.fill(-1e30);
    const width = 4; // three scores, padded
    for (const part of parts) {
      const extents = extentsOf(part);
      const blocks = pairBlocks(sizesOf(extents).pairs, this.gliner.hiddenSize);
      let pair = 0;
      for (const { source, words, labels } of extents) {
        for (let word = 0; word < words; word++) {
          for (let label = 0; label < labels; label++, pair++) {
            const block = Math.floor(pair / blocks[0]!);
            const at = (pair - block * blocks[0]!) * width;
            const scores = part.outputs.get(`logits.${block}`)!.subarray(at, at + TOKEN_SCORES);
            logits.data.set(scores, ((source * L + word) * C + label) * TOKEN_SCORES);
          }
        }
      }
    }
    return logits;
  }
}

/** L and C: words of the longest text, labels of the one that has most. */
function mostOf({ parts }: ExtractionRequest): [number, number] {
  const most = (count: (parts: SequenceParts) => number) =>
    parts.reduce((largest, part) => Math.max(largest, count(part)), 0);
  return [most(({ words }) => words.length), most(({ labels }) => labels.length)];
}
