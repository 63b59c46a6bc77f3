// What every loaded model is: one of perhaps several holders of an engine, until it is disposed. Knows no head.
import { bindMembers } from "../bound.js";
import { DisposedError } from "../errors.js";
import { readOptions } from "../options.js";
import type { DebertaV2Config } from "./deberta/config.js";
import type { CheckedInputs } from "./inputs/types.js";
import { type Memory, NO_MEMORY } from "./run/calls.js";
import type { Engine } from "./run/engine.js";
import type { Network } from "./run/network.js";

/** A model's life: sharing, a lost device, memory, the end. */
export abstract class LoadedModel<
  Request extends CheckedInputs = CheckedInputs,
  Net extends Network<Request> = Network<Request>,
> {
  /** config.json, checked, with every default filled in. */
  readonly config: DebertaV2Config;
  protected engine: Engine<Request, Net>;
  private reloading: Promise<void> | undefined;
  private readonly end = new AbortController();
  private holdsEngine = true;

  /** Made by `fromPretrained`. */
  constructor(engine: Engine<Request, Net>) {
    this.engine = engine;
    this.config = engine.network.config;
    bindMembers(this);
  }

  /** A table of what runs: node, kernel, result, slot, workgroups, shader variant; memory below. Of the last request's plan. */
  describe(): string {
    this.throwIfDisposed();
    return this.engine.describe();
  }

  /** Resolves, with the DeviceError, when the GPU device of this model is lost; `reload` brings the model back. Never after `dispose`. */
  get lost(): Promise<Error> {
    const never = new Promise<Error>(() => undefined);
    return this.engine.device.lost.then((loss) => (this.end.signal.aborted ? never : loss));
  }

  /**
   * Resolves when the whole word table has arrived, as nothing more is then fetched; the model answers before. Rejects when the rest
   * cannot be had, or is not waited for any more (`dispose`).
   */
  get whole(): Promise<void> {
    return this.engine.whole;
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

  /** Bytes on the GPU and in JavaScript that this model holds; `shared` says which of them others hold, too. */
  memory(): Memory {
    return this.holdsEngine ? this.engine.memory() : NO_MEMORY;
  }

  /** Another model over the same weights, plans and queue, to be disposed by itself; the last one frees them. */
  share(): this {
    this.throwIfDisposed();
    return this.over(this.engine.hold());
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

  /** The same model over an engine that holds the same network. */
  protected abstract over(engine: Engine<Request, Net>): this;

  protected throwIfDisposed(): void {
    this.end.signal.throwIfAborted();
  }

  /** A reload that is in progress has ended, well or not. */
  protected async reloaded(): Promise<void> {
    await this.reloading?.catch(() => undefined);
  }

  /** Resolves when this model's part is freed, however often it is asked for. */
  private letGo(): Promise<void> {
    if (!this.holdsEngine) return this.engine.freed;
    this.holdsEngine = false;
    return this.engine.dispose();
  }
}
