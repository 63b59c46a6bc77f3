// GLiClassModel: scores of any labels, given in the prompt, for a text as a whole.
import type { Source } from "../../checkpoint/source.js";
import { CheckpointError } from "../../errors.js";
import type { ModelInputs } from "../inputs/types.js";
import { loadEngine } from "../load-engine.js";
import type { Checkpoint } from "../load/named-tensors.js";
import { readOptions } from "../../options.js";
import type { LoadOptions } from "../load/options.js";
import type { Tensor } from "../outputs.js";
import { zeros } from "../run/collect.js";
import type { ForwardOptions } from "../run/calls.js";
import type { PartResult } from "../run/engine.js";
import { backboneConfig } from "./backbone.js";
import { type Opened, openWithBase } from "./base-model.js";
import { ExtractionModel, type RowKind } from "./extraction-model.js";
import { GLICLASS_CONFIG, GliclassConfig } from "./gliclass-config.js";
import { gliclassNetwork } from "./gliclass-network.js";
import { LSTM_OPTIONS, type LstmOptions, lstmColumns, lstmLayersOf, runsOnHost } from "./lstm-layer.js";
import { type Columns, type ExtractionRequest, extentsOf } from "./word-rows.js";

/** A request: labels and text as tokens. */
export interface GliclassInputs extends ModelInputs {
  /** [B] labels of each text; those whose marker is cut off have a zero vector. */
  readonly labelCounts: readonly number[] | Int32Array;
}

/** Scores before the sigmoid, or softmax. */
export interface GliclassOutput {
  /** [B, C]; −1e30 where a text has fewer labels. */
  readonly logits: Tensor;
}

/** Reads a GLiClass's configs. @throws UnsupportedError and CheckpointError */
export const openGliclass = (source: Source, options: LoadOptions): Promise<Opened<GliclassConfig>> =>
  openWithBase(source, options, GLICLASS_CONFIG, (json) => new GliclassConfig(json));

/** A GLiClass: scores of labels that stand in the prompt. */
export class GLiClassModel extends ExtractionModel<GliclassInputs> {
  /** What config.json says. */
  readonly gliclass: GliclassConfig;
  private readonly lstmLayers: number;

  private constructor(engine: GLiClassModel["engine"], gliclass: GliclassConfig, lstmLayers: number) {
    super(engine);
    this.gliclass = gliclass;
    this.lstmLayers = lstmLayers;
  }

  /**
   * Loads config.json and weights.
   * @throws as `DebertaV2PreTrainedModel.fromPretrained`
   */
  static async fromPretrained(source: Source, given: LstmOptions = {}): Promise<GLiClassModel> {
    const options = readOptions("GLiClassModel.fromPretrained", given, LSTM_OPTIONS);
    return GLiClassModel.load(await openGliclass(source, options), options);
  }

  static async load(
    { folder, config: gliclass, base }: Opened<GliclassConfig>,
    options: LstmOptions,
  ): Promise<GLiClassModel> {
    let lstmLayers = 0;
    const engine = await loadEngine<ExtractionRequest, GLiClassModel["engine"]["network"]>(
      folder,
      options,
      (_, device) => {
        const hostLstm = runsOnHost(options, device.capabilities);
        return Promise.resolve((checkpoint: Checkpoint) => {
          const config = backboneConfig(base.backbone, checkpoint);
          const { classTokenIndex, useLstm } = gliclass;
          if (classTokenIndex < 0 || classTokenIndex >= config.vocabSize)
            throw new CheckpointError(
              `${GLICLASS_CONFIG}: class_token_index ${classTokenIndex} is beyond the ${config.vocabSize} rows of the word table`,
            );
          lstmLayers = useLstm ? Math.max(1, lstmLayersOf(checkpoint, "lstm.lstm")) : 0;
          return gliclassNetwork(config, { gliclass, lstmLayers, hostLstm });
        });
      },
    );
    return new GLiClassModel(engine, gliclass, lstmLayers);
  }

  /**
   * @throws TypeError or RangeError for bad inputs, before anything is sent to the GPU; DisposedError, DeviceError
   */
  async forward(inputs: GliclassInputs, options: ForwardOptions = {}): Promise<GliclassOutput> {
    await this.reloaded();
    const request = this.requestOf(inputs);
    const parts = await this.engine.forward(request, options);
    return { logits: this.logitsOf(request, parts) };
  }

  override describe(): string {
    const { pooling, scorer, promptFirst, modelName } = this.gliclass;
    return `GLiClass · text pooled by ${pooling} · scorer ${scorer} · ${this.lstmLayers} LSTM layers · labels ${promptFirst ? "before" : "after"} the text · backbone ${modelName}\n${super.describe()}`;
  }

  protected over(engine: GLiClassModel["engine"]): this {
    return new GLiClassModel(engine, this.gliclass, this.lstmLayers) as this;
  }

  protected requestOf({ labelCounts, ...model }: GliclassInputs): ExtractionRequest {
    const checked = this.check(model);
    const counts = Array.from(labelCounts as ArrayLike<number>);
    if (counts.length !== checked.batch || counts.some((count) => !Number.isInteger(count) || count < 0))
      throw new TypeError(`labelCounts: ${checked.batch} numbers of labels are expected`);
    const { classTokenIndex, textTokenIndex, classPooling, embedClassToken, extractTextFeatures } = this.gliclass;
    const parts = checked.rows.map(({ ids, mask, length }, text) => {
      const columns = Array.from({ length }, (_, column) => column).filter((column) => mask?.[column] !== 0);
      const [begin, end] = [columns[0] ?? 0, (columns.at(-1) ?? -1) + 1];
      const at = (id: number) => columns.filter((column) => ids?.[column] === id);
      const markers = at(classTokenIndex);
      const [separator] = at(textTokenIndex);
      const first = extractTextFeatures ? (separator ?? begin) : begin;
      const labels = Array.from({ length: counts[text]! }, (_, label): Columns => {
        const marker = markers[label];
        if (marker === undefined) return [0, 0];
        const from = marker + (embedClassToken ? 0 : 1);
        if (classPooling === "first") return [from, from < end ? 1 : 0];
        const next = markers[label + 1] ?? end;
        return [from, Math.max(0, Math.min(next, extractTextFeatures ? (separator ?? end) : end) - from)];
      });
      return { words: Array.from({ length: end - first }, (_, i): Columns => [first + i, 1]), labels };
    });
    return { ...checked, parts };
  }

  protected rowsOf(name: string): RowKind | undefined {
    const width = this.config.hiddenSize;
    const columns = this.lstmLayers > 0 ? lstmColumns(width) : undefined;
    if (name === "token_embeddings") return { rows: "tokens", width };
    if (name === "prompts" || name === "label_rep") return { rows: "labels", width };
    if (name === "text_rep") return { rows: "texts", width };
    if (name !== "words" && name !== "pooled") return undefined;
    return { rows: name === "words" ? "words" : "texts", width, ...(columns ? { columns } : {}) };
  }

  protected override partsOf(
    request: ExtractionRequest,
    parts: readonly PartResult<ExtractionRequest>[],
  ): Map<string, Tensor> {
    return super.partsOf(request, parts).set("logits", this.logitsOf(request, parts));
  }

  private logitsOf(request: ExtractionRequest, parts: readonly PartResult<ExtractionRequest>[]): Tensor {
    const C = Math.max(0, ...request.parts.map(({ labels }) => labels.length));
    const logits = zeros(request.batch, C);
    logits.data.fill(-1e30);
    for (const part of parts) {
      const scores = part.outputs.get("scores")!;
      for (const { source, firstLabel, labels } of extentsOf(part))
        logits.data.set(scores.subarray(firstLabel, firstLabel + labels), source * C);
    }
    return logits;
  }
}
