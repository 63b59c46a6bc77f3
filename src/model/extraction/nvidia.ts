// NVIDIA's classifiers, whose config.json names a backbone elsewhere: one head on the first token's state, or several on the mean of all.
import type { ModelFolder } from "../../checkpoint/folder.js";
import type { Source } from "../../checkpoint/source.js";
import { DebertaV2Config } from "../deberta/config.js";
import { plainAxis } from "../deberta/sizes.js";
import type { ModelInputs } from "../inputs/types.js";
import { loadEngine } from "../load-engine.js";
import type { Checkpoint } from "../load/named-tensors.js";
import type { LoadOptions } from "../load/options.js";
import type { Tensor } from "../outputs.js";
import { zeros } from "../run/collect.js";
import type { ForwardOptions } from "../run/calls.js";
import { backboneConfig } from "./backbone.js";
import { openWithBase } from "./base-model.js";
import { ExtractionModel, type RowKind } from "./extraction-model.js";
import { Fields } from "./fields.js";
import { baseModelOf, CONFIG, headsOf, type NvidiaHead } from "./nvidia-config.js";
import { wordNetwork } from "./word-network.js";
import { type ExtractionRequest, extentsOf } from "./word-rows.js";

/** Logits by head. */
export interface NvidiaOutput {
  /** [B, C] of several heads side by side, in the order of `heads`. */
  readonly logits: Tensor;
}

/** Reads a classifier's configs. @throws UnsupportedError and CheckpointError */
const openNvidia = (source: Source, options: LoadOptions) =>
  openWithBase(source, options, CONFIG, (json) => {
    const fields = new Fields(CONFIG, json);
    const { id2label, label2id } = fields.json;
    return { modelName: baseModelOf(fields), heads: headsOf(fields), id2label, label2id };
  });

/** One of NVIDIA's classifiers: one head, or several over one pooled encoder. */
export class NvidiaClassifier extends ExtractionModel<ModelInputs> {
  /** Empty for the kind with one head. */
  readonly heads: readonly NvidiaHead[];
  private readonly labels: number;

  private constructor(engine: NvidiaClassifier["engine"], heads: readonly NvidiaHead[], labels: number) {
    super(engine);
    this.heads = heads;
    this.labels = labels;
  }

  /** @returns the model, and the folder of its tokenizer */
  static async load(
    source: Source,
    options: LoadOptions,
  ): Promise<{ readonly tokenizer: ModelFolder; readonly load: (options: LoadOptions) => Promise<NvidiaClassifier> }> {
    const { folder, config, base } = await openNvidia(source, options);
    const { heads, id2label, label2id } = config;
    return {
      tokenizer: base.tokenizer,
      load: async (given) => {
        let labels = 0;
        const engine = await loadEngine<ExtractionRequest, NvidiaClassifier["engine"]["network"]>(folder, given, () =>
          Promise.resolve((checkpoint: Checkpoint) => {
            const backbone = backboneConfig(base.backbone, checkpoint);
            const own = heads.length > 0 ? {} : { id2label, label2id };
            const json = { ...base.backbone, vocab_size: backbone.vocabSize, ...own };
            const prefixes = heads.map((head, index) => ({ ...head, prefix: prefixOf(checkpoint, index) }));
            const one = { prefix: "fc", size: checkpoint.rows("fc.weight", backbone.numLabels) };
            const layers = heads.length > 0 ? prefixes : [one];
            labels = layers.reduce((sum, { size }) => sum + size, 0);
            return nvidiaNetwork(new DebertaV2Config(json), layers);
          }),
        );
        return new NvidiaClassifier(engine, heads, labels);
      },
    };
  }

  /**
   * @throws TypeError or RangeError for bad inputs, before anything is sent to the GPU; DisposedError, DeviceError
   */
  async forward(inputs: ModelInputs, options: ForwardOptions = {}): Promise<NvidiaOutput> {
    await this.reloaded();
    const request = this.requestOf(inputs);
    const logits = zeros(request.batch, this.labels);
    const sizes = this.heads.length > 0 ? this.heads.map(({ size }) => size) : [this.labels];
    for (const part of await this.engine.forward(request, options)) {
      for (const { source, firstWord } of extentsOf(part)) {
        let at = source * this.labels;
        sizes.forEach((size, index) => {
          const stride = 4 * Math.ceil(size / 4);
          const row = part.outputs.get(`logits.${index}`)!.subarray(firstWord * stride, firstWord * stride + size);
          logits.data.set(row, at);
          at += size;
        });
      }
    }
    return { logits };
  }

  protected over(engine: NvidiaClassifier["engine"]): this {
    return new NvidiaClassifier(engine, this.heads, this.labels) as this;
  }

  protected requestOf(inputs: ModelInputs): ExtractionRequest {
    const checked = this.check(inputs);
    const parts = checked.rows.map(({ first, end }) => ({
      words: [[first, this.heads.length > 0 ? end - first : 1] as const],
      labels: [],
    }));
    return { ...checked, parts };
  }

  protected rowsOf(name: string): RowKind | undefined {
    const width = this.config.hiddenSize;
    if (name === "token_embeddings") return { rows: "tokens", width };
    return name === "words" ? { rows: "words", width } : undefined;
  }
}

/** The published code registers its heads under two names. */
const prefixOf = (checkpoint: Checkpoint, index: number): string =>
  checkpoint.find(`heads.${index}.fc.weight`) ? `heads.${index}.fc` : `head_${index}.fc`;

/** A text's one word is what the heads read: its first token, or the mean of all. */
function nvidiaNetwork(
  config: DebertaV2Config,
  layers: readonly { readonly prefix: string; readonly size: number }[],
): NvidiaClassifier["engine"]["network"] {
  return wordNetwork<ExtractionRequest>({
    name: "nvidia",
    config,
    width: config.hiddenSize,
    pooling: "mean",
    lstm: undefined,
    hostLstm: false,
    sample: () => ({ parts: [{ words: [[0, 1]], labels: [] }] }),
    tokens: (_, states) => states.last,
    head(b, { words }) {
      layers.forEach(({ prefix, size }, index) =>
        b.graph.output(
          `logits.${index}`,
          b.linear(`head.${index}`, words, { prefix, input: plainAxis(config.hiddenSize), output: plainAxis(size) }),
        ),
      );
    },
  });
}
