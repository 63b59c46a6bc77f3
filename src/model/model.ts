// The model classes of Transformers, in TypeScript's habit: load, forward, look inside, dispose. Each class says which head it
// has and how logits become its output; everything else is shared.
import { type ModelFolder, openFolder, type Source } from "../checkpoint/folder.js";
import { padded } from "../kernels/kernel.js";
import type { StepTime } from "../runtime/profile.js";
import { acquireDevice } from "../runtime/shared-device.js";
import { attentionPrefix } from "./deberta/attention.js";
import { attentionTerms } from "./run/attention-terms.js";
import { collectAttention, collectRows, scatterRows, scatterScores, zeros } from "./run/collect.js";
import { DebertaV2Config } from "./deberta/config.js";
import { Engine, type PartResult } from "./run/engine.js";
import type { HeadSpec } from "./deberta/heads.js";
import { type CheckedInputs, checkInputs, type Head, type ModelInputs } from "./inputs/inputs.js";
import { Checkpoint, type LoadOptions, loadWeights } from "./load/load.js";
import type { BaseModelOutput, ModelOutput, Tensor } from "./outputs.js";

/** Options of `forward`. */
export interface ForwardOptions {
  readonly signal?: AbortSignal;
}

/** Options of `inspect`: true for the attention terms of all layers, or the layers. */
export interface InspectOptions {
  readonly attentionTerms?: boolean | readonly number[];
}

/** What a subclass brings to `fromPretrained`. */
export interface ModelClass<Model, Options extends LoadOptions> {
  new (engine: Engine): Model;
  /** The head that the checkpoint's tensors and the options make. */
  headSpec(checkpoint: Checkpoint, config: DebertaV2Config, options: Options): HeadSpec;
}

/** A checked request and what its runs gave. */
export interface ForwardResult {
  readonly inputs: CheckedInputs;
  readonly parts: readonly PartResult[];
}

/** What all DeBERTa-v2 models share. */
export abstract class DebertaV2PreTrainedModel<Output extends ModelOutput = ModelOutput> {
  readonly config: DebertaV2Config;
  protected readonly engine: Engine;
  protected abstract readonly head: Head;

  /** Made by `fromPretrained`. */
  constructor(engine: Engine) {
    this.engine = engine;
    this.config = engine.config;
  }

  /**
   * Loads config and weights from a source onto a GPU device.
   * @throws UnsupportedError without WebGPU or for a config that the engine does not do; CheckpointError for missing, damaged or
   *   mismatched files; DeviceError when the GPU fails; the signal's reason on abort. Nothing stays on the GPU then.
   */
  static async fromPretrained<Model, Options extends LoadOptions>(
    this: ModelClass<Model, Options>,
    source: Source,
    given?: Options,
  ): Promise<Model> {
    const options = given ?? ({} as Options);
    options.signal?.throwIfAborted();
    const { device, release } = await acquireDevice(options.device);
    let folder: ModelFolder | undefined;
    try {
      folder = await openFolder(source, options);
      const asWritten = await DebertaV2Config.fromPretrained(folder, options);
      const checkpoint = await Checkpoint.open(folder, options);
      const config = asWritten.withNumLabels(checkpoint.rows("classifier.weight", asWritten.numLabels));
      const head = this.headSpec(checkpoint, config, options);
      const weights = await loadWeights(checkpoint, config, head, device, options);
      return new this(new Engine(config, head, device, weights, release));
    } catch (error) {
      release();
      throw error;
    } finally {
      folder?.close();
    }
  }

  /**
   * Runs a request. Calls at the same time queue; each gives what it would give alone.
   * @throws TypeError or RangeError for bad inputs, before anything is sent to the GPU; DisposedError, DeviceError
   */
  async forward(inputs: ModelInputs, options: ForwardOptions = {}): Promise<Output> {
    const checked = this.check(inputs);
    const parts = await this.engine.forward(checked, options.signal);
    const result = { inputs: checked, parts };
    return { ...this.output(result), ...this.states(result) };
  }

  /** A table of what runs: node, kernel, result, slot, workgroups, shader variant; memory below. Of the last request's plan. */
  describe(): string {
    this.engine.throwIfDisposed();
    return this.engine.describe();
  }

  /** Time per node of a request, with GFLOP/s and GB/s. */
  async profile(inputs: ModelInputs): Promise<readonly StepTime[]> {
    return this.engine.profile(this.check(inputs));
  }

  /**
   * Every value that a request computes, by its scope name: rows as [B, N, …], scores and probabilities as [B, H, N, N].
   * With `attentionTerms` also `encoder.layer.<i>.attention.c2c`, `.c2p`, `.p2c`, scaled, before softmax.
   */
  async inspect(inputs: ModelInputs, options: InspectOptions = {}): Promise<Map<string, Tensor>> {
    const checked = { ...this.check(inputs), outputHiddenStates: true, outputAttentions: true };
    const { batch, columns } = checked;
    const { attentionTerms: wanted = false } = options;
    const heads = this.config.numAttentionHeads;
    const values = new Map<string, Tensor>();
    const pending: (() => Promise<void>)[] = [];
    await this.engine.inspect(checked, (packed, sequences, name, { type, data }, { kernel }) => {
      const [rows, width] = type.shape;
      const block = /\.(\d+)$/.exec(name)?.[1];
      if (kernel.name.startsWith("attentionScores") || kernel.name === "softmax") {
        const plain = packed.shape.all.blocks.length > 1 ? name.replace(/\.\d+$/, "") : name;
        const target = values.get(plain) ?? zeros(batch, heads, columns, columns);
        values.set(plain, target);
        scatterScores(target, data, packed.shape.all.blocks.length > 1 ? Number(block) : 0, packed, sequences);
      } else if (type.shape.length === 2 && rows === packed.shape.rows) {
        const target = zeros(batch, columns, this.trueWidth(width!));
        scatterRows(target, data, packed, sequences);
        values.set(name, target);
      } else {
        values.set(name, { data, shape: [...type.shape] });
      }
      const layer = /^encoder\.layer\.(\d+)\.qkv$/.exec(name)?.[1];
      if (layer === undefined || !(wanted === true || (wanted && wanted.includes(Number(layer))))) return;
      pending.push(async () => {
        const prefix = attentionPrefix(Number(layer));
        const [posK, posQ] = await Promise.all([
          this.engine.relative(`${prefix}.posK`),
          this.engine.relative(`${prefix}.posQ`),
        ]);
        const from = { qkv: data, posK, posQ, slots: this.engine.slotTable };
        const terms = attentionTerms(this.config, from, packed, sequences, batch, columns);
        for (const [term, value] of Object.entries(terms))
          values.set(`encoder.layer.${layer}.attention.${term}`, value);
      });
    });
    for (const add of pending) await add();
    return values;
  }

  /** Bytes on the GPU and in JavaScript that this model holds. */
  memory(): { gpuBytes: number; buffers: number; hostBytes: number } {
    return this.engine.memory();
  }

  /** Frees every buffer, after the run in progress. Twice is harmless; a device that the caller gave stays. */
  dispose(): Promise<void> {
    return this.engine.dispose();
  }

  [Symbol.dispose](): void {
    void this.dispose();
  }

  /** The output of a result, without hidden states and attentions. */
  protected abstract output(result: ForwardResult): Output;

  private check(inputs: ModelInputs): CheckedInputs {
    this.engine.throwIfDisposed();
    const { words, positions } = this.engine.tableRows();
    return checkInputs(inputs, this.config, { head: this.head, vocabRows: words, embeddingRowsOfPositions: positions });
  }

  private states({ inputs, parts }: ForwardResult): ModelOutput {
    const { batch, columns } = inputs;
    const { hiddenSize, numHiddenLayers, numAttentionHeads } = this.config;
    const output: ModelOutput = {};
    if (inputs.outputHiddenStates)
      output.hiddenStates = Array.from({ length: numHiddenLayers + 1 }, (_, i) =>
        collectRows(parts, `hidden.${i}`, [batch, columns, hiddenSize]),
      );
    if (inputs.outputAttentions)
      output.attentions = Array.from({ length: numHiddenLayers }, (_, i) =>
        collectAttention(parts, i, [batch, numAttentionHeads, columns, columns]),
      );
    return output;
  }

  /** The size that a padded axis has in the config. */
  private trueWidth(width: number): number {
    const { hiddenSize, intermediateSize, embeddingSize } = this.config;
    return [hiddenSize, intermediateSize, embeddingSize].find((size) => padded(size, 4) === width) ?? width;
  }
}

/** The encoder alone: last hidden states. */
export class DebertaV2Model extends DebertaV2PreTrainedModel<BaseModelOutput> {
  protected readonly head = "model";

  static headSpec(): HeadSpec {
    return { kind: "none" };
  }

  protected output({ inputs: { batch, columns }, parts }: ForwardResult): BaseModelOutput {
    return { lastHiddenState: collectRows(parts, "last", [batch, columns, this.config.hiddenSize]) };
  }
}
