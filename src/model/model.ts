// The model classes of Transformers, in TypeScript's habit: load, forward, look inside, dispose. Each class says which head it
// has and how logits become its output; everything else is shared.
import type { Source } from "../checkpoint/source.js";
import { DisposedError } from "../errors.js";
import { bindMembers } from "../bound.js";
import { lazily } from "../lazy.js";
import { type OptionTable, readOptions } from "../options.js";
import type { StepTime } from "../runtime/profile.js";
import type { DebertaV2Config } from "./deberta/config.js";
import type { HeadSpec } from "./deberta/heads.js";
import { type CheckedInputs, type Head, MODEL_INPUTS, type ModelInputs } from "./inputs/types.js";
import type { HeadEngine } from "./load-head.js";
import type { Checkpoint } from "./load/named-tensors.js";
import { LOAD_OPTIONS, type LoadOptions } from "./load/options.js";
import type { BaseModelOutput, ModelOutput, Tensor } from "./outputs.js";
import {
  FORWARD_OPTIONS,
  type ForwardOptions,
  INSPECT_OPTIONS,
  type InspectOptions,
  type Memory,
  NO_MEMORY,
} from "./run/calls.js";
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
export abstract class DebertaV2PreTrainedModel<Output extends ModelOutput = ModelOutput> {
  /**
   * What `fromPretrained` takes.
   * @internal
   */
  static readonly options: OptionTable<LoadOptions & { enhancedMaskDecoder?: boolean | "auto" }> = {
    ...LOAD_OPTIONS,
    enhancedMaskDecoder: [false, "auto"], // masked language models alone have one
  };
  /** config.json, checked, with every default filled in. */
  readonly config: DebertaV2Config;
  protected engine: HeadEngine;
  protected abstract readonly head: Head;
  private reloading: Promise<void> | undefined;
  private readonly end = new AbortController();
  private holdsEngine = true;

  /** Made by `fromPretrained`. */
  constructor(engine: HeadEngine) {
    this.engine = engine;
    this.config = engine.network.config;
    bindMembers(this);
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
    await this.reloading?.catch(() => undefined);
    const checked = this.check(inputs);
    const parts = await this.engine.forward(checked, options);
    const result = { inputs: checked, parts };
    return { ...this.output(result), ...this.states(result) };
  }

  /** Resolves, with the DeviceError, when the GPU device of this model is lost; `reload` brings the model back. */
  get lost(): Promise<Error> {
    return this.engine.device.lost;
  }

  /**
   * Loads the same files again, after a lost device: on the engine's own new device, or on the one given. What the model held
   * is freed first. Calls made meanwhile wait for it.
   * @throws DisposedError after `dispose`; as `fromPretrained`, and may then be tried again
   */
  reload(options: { readonly device?: GPUDevice; readonly signal?: AbortSignal } = {}): Promise<void> {
    const { device, signal } = readOptions("reload", options, { device: "object", signal: "object" });
    this.reloading ??= this.reopen({ ...(device && { device }), ...(signal && { signal }) }).finally(
      () => (this.reloading = undefined),
    );
    return this.reloading;
  }

  private async reopen(options: { readonly device?: GPUDevice; readonly signal?: AbortSignal }): Promise<void> {
    const old = this.engine;
    this.end.signal.throwIfAborted();
    await this.letGo();
    this.engine = await old.reopen(options);
    this.holdsEngine = true;
    if (this.end.signal.aborted) await this.letGo(); // asked for while it was loading
  }

  /** A table of what runs: node, kernel, result, slot, workgroups, shader variant; memory below. Of the last request's plan. */
  describe(): string {
    this.throwIfDisposed();
    return this.engine.describe();
  }

  /** Time per node of a request, with GFLOP/s and GB/s. */
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

  /** Bytes on the GPU and in JavaScript that this model holds. */
  memory(): Memory {
    return this.holdsEngine ? this.engine.memory() : NO_MEMORY;
  }

  /**
   * Resolves when the whole word table has arrived, as nothing more is then fetched; the model answers before. Rejects when the rest
   * cannot be had, or is not waited for any more (`dispose`).
   */
  get whole(): Promise<void> {
    return this.engine.whole;
  }

  /** Another model over the same weights, plans and queue, to be disposed by itself; the last one frees them. */
  share(): this {
    this.throwIfDisposed();
    const Class = this.constructor as new (engine: HeadEngine) => this;
    return new Class(this.engine.hold());
  }

  /**
   * Frees every buffer, after the run in progress, unless another model shares them. Twice is harmless; a device that the caller
   * gave stays.
   */
  dispose(): Promise<void> {
    this.end.abort(new DisposedError("this model was disposed"));
    return this.letGo();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    void this.dispose();
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

  /** Resolves when this model's part is freed, however often it is asked for. */
  private letGo(): Promise<void> {
    if (!this.holdsEngine) return this.engine.freed;
    this.holdsEngine = false;
    return this.engine.dispose();
  }

  private throwIfDisposed(): void {
    this.end.signal.throwIfAborted();
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
