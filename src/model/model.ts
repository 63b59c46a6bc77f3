// The model classes of Transformers, in TypeScript's habit: load, forward, look inside, dispose. Each class says which head it
// has and how logits become its output; everything else is shared.
import type { Source } from "../checkpoint/source.js";
import { lazily } from "../lazy.js";
import { type OptionTable, readOptions } from "../options.js";
import type { StepTime } from "../runtime/profile.js";
import type { DebertaV2Config } from "./deberta/config.js";
import type { HeadSpec } from "./deberta/heads.js";
import { type CheckedInputs, type Head, MODEL_INPUTS, type ModelInputs } from "./inputs/types.js";
import type { HeadNetwork } from "./head-network.js";
import type { HeadEngine } from "./load-head.js";
import type { Checkpoint } from "./load/named-tensors.js";
import { LOAD_OPTIONS, type LoadOptions } from "./load/options.js";
import { LoadedModel } from "./loaded-model.js";
import type { BaseModelOutput, ModelOutput, Tensor } from "./outputs.js";
import { FORWARD_OPTIONS, type ForwardOptions, INSPECT_OPTIONS, type InspectOptions } from "./run/calls.js";
import { collectAttention, collectRows } from "./run/collect.js";
import type { PartResult } from "./run/engine.js";

/** What models run on; `pipeline` asks for it ahead. */
export const headLoader = (): Promise<typeof import("./load-head.js")> => lazily(() => import("./load-head.js"));

/** What a subclass brings to `fromPretrained`. */
export interface ModelClass<Model, Options extends LoadOptions> {
  new (engine: HeadEngine): Model;
  /** What its `fromPretrained` takes. */
  readonly options: OptionTable<Options>;
  /** The head that the checkpoint's tensors and the options make. */
  headSpec(checkpoint: Checkpoint, config: DebertaV2Config, options: Options): HeadSpec;
}

/** A checked request and what its runs gave. */
export interface ForwardResult {
  readonly inputs: CheckedInputs;
  readonly parts: readonly PartResult[];
}

/** What all DeBERTa-v2 models share. */
export abstract class DebertaV2PreTrainedModel<Output extends ModelOutput = ModelOutput> extends LoadedModel<
  CheckedInputs,
  HeadNetwork
> {
  /**
   * What `fromPretrained` takes.
   * @internal
   */
  static readonly options: OptionTable<LoadOptions & { enhancedMaskDecoder?: boolean | "auto" }> = {
    ...LOAD_OPTIONS,
    enhancedMaskDecoder: [false, "auto"], // masked language models alone have one
  };
  protected abstract readonly head: Head;

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
    const options = readOptions("fromPretrained", given, this.options);
    const { loadHead } = await headLoader();
    return new this(
      await loadHead(source, options, (checkpoint, config) => this.headSpec(checkpoint, config, options)),
    );
  }

  /**
   * Runs a request. Calls at the same time queue; each gives what it would give alone.
   * @throws TypeError or RangeError for bad inputs, before anything is sent to the GPU; DisposedError, DeviceError
   */
  async forward(inputs: ModelInputs, given: ForwardOptions = {}): Promise<Output> {
    const options = readOptions("forward", given, FORWARD_OPTIONS);
    await this.reloaded();
    const checked = this.check(inputs);
    const parts = await this.engine.forward(checked, options);
    const result = { inputs: checked, parts };
    return { ...this.output(result), ...this.states(result) };
  }

  /** Time per node of a request, with GFLOP/s and GB/s; of a large batch, which runs in parts, the nodes of each part in turn. */
  async profile(inputs: ModelInputs, options: ForwardOptions = {}): Promise<readonly StepTime[]> {
    return this.engine.profile(this.check(inputs), readOptions("profile", options, FORWARD_OPTIONS));
  }

  /**
   * Every value that a request computes, by its scope name: rows as [B, N, …], scores and probabilities as [B, H, N, N].
   * With `attentionTerms` also `encoder.layer.<i>.attention.c2c`, `.c2p`, `.p2c`, scaled, before softmax; with those of the last
   * layer those of the mask decoder, which runs that layer twice more: `head.maskDecoder.pass.<0 or 1>.attention.…`.
   */
  async inspect(inputs: ModelInputs, options: InspectOptions = {}): Promise<Map<string, Tensor>> {
    const checked = this.check(inputs);
    const read = readOptions("inspect", options, INSPECT_OPTIONS);
    const { inspect } = await lazily(() => import("./inspect.js"));
    return inspect(this.engine, checked, read);
  }

  /** The output of a result, without hidden states and attentions. */
  protected abstract output(result: ForwardResult): Output;

  private check(given: ModelInputs): CheckedInputs {
    this.throwIfDisposed();
    const { words, positions } = this.engine.tableRows();
    const inputs = readOptions("forward", given, MODEL_INPUTS, "input");
    return this.engine.network.check(inputs, {
      head: this.head,
      vocabRows: words,
      embeddingRowsOfPositions: positions,
    });
  }

  protected over(engine: HeadEngine): this {
    const Class = this.constructor as new (engine: HeadEngine) => this;
    return new Class(engine);
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
}

/** The encoder alone: last hidden states. */
export class DebertaV2Model extends DebertaV2PreTrainedModel<BaseModelOutput> {
  protected readonly head = "model";

  /** @internal */
  static headSpec(): HeadSpec {
    return { kind: "none" };
  }

  protected output({ inputs: { batch, columns }, parts }: ForwardResult): BaseModelOutput {
    return { lastHiddenState: collectRows(parts, "last", [batch, columns, this.config.hiddenSize]) };
  }
}
