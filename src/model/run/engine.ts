// One loaded model on one device: request → packed runs → plans → rows read back. Queues runs (they share slots) and owns
// every buffer. What it runs is a value (network.ts); what callers see is above (model.ts).
import { abortable, eitherSignal } from "../../checkpoint/signals.js";
import { DisposedError } from "../../errors.js";
import { notify } from "../../notify.js";
import type { Device } from "../../runtime/device.js";
import { describe } from "../../runtime/dispatches.js";
import type { Graph } from "../../runtime/graph.js";
import { compile, type Plan } from "../../runtime/plan.js";
import type { StepTime } from "../../runtime/profile.js";
import { Slots } from "../../runtime/slots.js";
import type { Inputs } from "../../runtime/steps.js";
import type { RunOptions } from "../../runtime/submits.js";
import type { CheckedInputs } from "../inputs/types.js";
import type { EmbeddingTables } from "../load/embeddings.js";
import type { LoadedWeights } from "../load/load.js";
import { type ForwardOptions, type Memory, NO_MEMORY } from "./calls.js";
import { compileAhead } from "./compile-ahead.js";
import {
  encoderRequest,
  type EngineLimits,
  engineLimits,
  type Job,
  type Network,
  type PackedRun,
  packRun,
  sampleGraph,
} from "./network.js";
import { encoderKey, Plans } from "./plans.js";
import { Queue } from "./queue.js";
import { encoderInputs, wordRows } from "./run-inputs.js";
import { type Sequence, sequenceOf } from "./sequences.js";

/** What one run gave, for a part of the request's sequences: graph outputs by name. */
export interface PartResult<Request extends CheckedInputs = CheckedInputs> extends PackedRun<Request> {
  readonly outputs: ReadonlyMap<string, Float32Array>;
}

/** Where to load again. */
export interface Reopening {
  /** Default: one of the engine's own. */
  readonly device?: GPUDevice;
  readonly signal?: AbortSignal;
}

/** What an engine cannot do by itself. */
interface Lifetime<Self> {
  /** Called when everything is freed. */
  readonly release: () => void;
  readonly reopen: (options: Reopening) => Promise<Self>;
}

/** Milliseconds without a request before shaders are compiled ahead, and before each further one. */
const BEFORE_COMPILING = 1000;
const BETWEEN_SHADERS = 50;

export class Engine<Request extends CheckedInputs = CheckedInputs, Net extends Network<Request> = Network<Request>> {
  readonly network: Net;
  readonly device: Device;
  readonly limits: EngineLimits;
  private readonly weights: LoadedWeights;
  private readonly ending = new AbortController();
  private readonly slots: Slots;
  private readonly plans: Plans;
  private readonly queue = new Queue();
  private readonly lifetime: Lifetime<Engine<Request, Net>>;
  private holders = 1;
  private disposed: Promise<void> | undefined;
  private isFreed = false;
  private lastGraph: Graph | undefined;

  constructor(network: Net, device: Device, weights: LoadedWeights, lifetime: Lifetime<Engine<Request, Net>>) {
    this.network = network;
    this.device = device;
    this.limits = engineLimits(network.config, device.capabilities);
    this.weights = weights.hold();
    this.slots = new Slots(device);
    this.plans = new Plans((graph) => compile(device, graph, weights.residents.buffers, this.slots, weights.pages));
    this.lifetime = lifetime;
  }

  /** Runs a checked request, in as many parts as memory and the device's speed ask for. */
  async forward(inputs: Request, options: ForwardOptions = {}): Promise<PartResult<Request>[]> {
    const { signal, onProgress } = options;
    const tables = await this.tablesFor(inputs, signal);
    const parts = [...this.parts(inputs)];
    const total = rowsOf(parts.flat());
    return this.enqueue(async () => {
      const started: Promise<PartResult<Request>>[] = [];
      let before = 0;
      for (const part of parts) {
        const [from, rows] = [before, rowsOf(part)];
        const tell = (share: number) => notify(onProgress, (from + share * rows) / total);
        const run = await this.startPart(inputs, part, tables, { signal, ...(onProgress ? { onProgress: tell } : {}) });
        started.push(run.results);
        before += rows;
        if (before < total) tell(1);
      }
      return { results: Promise.all(started) };
    }, signal);
  }

  /** Time of every node, part by part. */
  async profile(inputs: Request, options: ForwardOptions = {}): Promise<readonly StepTime[]> {
    const times: StepTime[] = [];
    await this.alone(inputs, options, async (part, tables) => {
      const { plan, data } = await this.prepare(inputs, part, tables);
      times.push(...(await plan.profile(data)));
    });
    return times;
  }

  /** Every computed value of every part of a request, packed as it is. */
  async inspect(
    inputs: Request,
    visit: (run: PackedRun<Request>, ...value: Parameters<Parameters<Plan["inspect"]>[1]>) => void,
    options: ForwardOptions = {},
  ): Promise<void> {
    return this.alone(inputs, options, async (part, tables) => {
      const { plan, data, run } = await this.prepare(inputs, part, tables);
      await plan.inspect(data, (...value) => visit(run, ...value));
    });
  }

  /**
   * Compiles shaders that other requests will need, as long as nothing is asked for. Begins when a page has had time for its first
   * request, which it must not hold up, and goes in steps of a few milliseconds.
   */
  compileAhead(): void {
    const { signal } = this.ending;
    let pause = BEFORE_COMPILING;
    const turn = async () => {
      const isQuiet = await this.queue.quiet(pause, signal);
      pause = BETWEEN_SHADERS;
      return isQuiet;
    };
    compileAhead(this.network, this.device, this.weights.storage, turn).catch(() => undefined); // a lost device is met by requests
  }

  /** What the last request ran; before the first one, what one text of 128 tokens would run. */
  describe(): string {
    const { capabilities } = this.device;
    const sample = () => sampleGraph(this.network, capabilities, 128).graph.store(this.weights.storage);
    const { pages } = this.weights;
    const plan = describe(this.lastGraph ?? sample(), capabilities);
    return [plan, ...(pages ? [String(pages)] : []), ...this.device.withdrawn].join("\n");
  }

  /** Rows of the word table, and of the absolute positions where the mask decoder looks them up. */
  tableRows(): { words: number; positions: number | undefined } {
    const { words, positions } = this.weights.tables;
    return { words: words.rows, positions: positions?.rows };
  }

  /** Loads the same network from the same source, after this engine was disposed. */
  reopen(options: Reopening): Promise<Engine<Request, Net>> {
    return this.lifetime.reopen(options);
  }

  /** Resolves when the whole word table is here. */
  get whole(): Promise<void> {
    return this.weights.tables.words.whole;
  }

  memory(): Memory {
    if (this.isFreed) return NO_MEMORY;
    const { residents, host } = this.weights;
    const [plans, slots, staging] = [this.plans.totals(), this.slots.totals(), this.slots.readback.totals()];
    const { bytes: weights, buffers, shared } = residents.totals();
    const gpuBytes = weights + slots.bytes + staging.bytes + plans.bytes;
    const { bytes: hostBytes } = host;
    return {
      gpuBytes,
      buffers: buffers + slots.buffers + staging.buffers + plans.buffers,
      hostBytes,
      weights,
      slots: slots.bytes,
      staging: staging.bytes,
      plans: plans.bytes,
      tables: hostBytes,
      shared: this.holders > 1 ? { gpuBytes, hostBytes } : { gpuBytes: shared, hostBytes: host.shared },
    };
  }

  throwIfDisposed(): void {
    if (this.disposed) throw disposed();
  }

  /** Counts one more user: `dispose` frees when all have called it. */
  hold(): this {
    this.throwIfDisposed();
    this.holders++;
    return this;
  }

  /** Resolves when everything is freed; at once while others hold it. */
  get freed(): Promise<void> {
    return this.disposed ?? Promise.resolve();
  }

  /** Once for every user. The last call frees every buffer, once the run in progress, if any, has ended. */
  dispose(): Promise<void> {
    if (this.disposed) return this.disposed;
    if (--this.holders > 0) return Promise.resolve();
    this.ending.abort(disposed());
    const { isIdle } = this.queue;
    this.disposed = isIdle ? Promise.resolve() : this.queue.ended().then(() => this.free());
    if (isIdle) this.free();
    return this.disposed;
  }

  private free(): void {
    this.plans.dispose();
    this.slots.dispose();
    this.weights.release();
    this.isFreed = true;
    this.lifetime.release();
  }

  private throwIfUnusable(): void {
    this.throwIfDisposed();
    this.device.throwIfLost();
  }

  private enqueue<T>(turn: () => Promise<{ readonly results: Promise<T> }>, signal?: AbortSignal): Promise<T> {
    this.throwIfUnusable();
    return this.queue.add(() => {
      this.throwIfDisposed();
      return turn();
    }, signal);
  }

  /** A turn that works through a request's parts, one after another. */
  private async alone(
    inputs: Request,
    { signal }: ForwardOptions,
    work: (part: readonly Sequence[], tables: EmbeddingTables) => Promise<void>,
  ): Promise<void> {
    const tables = await this.tablesFor(inputs, signal);
    const parts = [...this.parts(inputs)];
    const turn = async () => {
      for (const part of parts.length > 0 ? parts : [[]]) {
        signal?.throwIfAborted();
        await work(part, tables);
      }
      return { results: Promise.resolve() };
    };
    return this.enqueue(turn, signal);
  }

  /** The tables with the rows of a request at hand: before its turn, so that a slow network holds up nobody else. */
  private async tablesFor(inputs: Request, signal?: AbortSignal): Promise<EmbeddingTables> {
    this.throwIfUnusable();
    signal?.throwIfAborted();
    const { tables } = this.weights;
    const reading = tables.words.reader(wordRows(inputs), signal);
    return { ...tables, words: await abortable(reading, eitherSignal(signal, this.ending.signal)) };
  }

  /**
   * Cuts a request into runs of bounded size, so that activations stay below the binding limit and no product takes the device
   * too long. Sequences without any attended column take part in none, nor do those without an asked row.
   */
  private *parts(inputs: Request): Generator<Sequence[]> {
    const { network, limits } = this;
    const { hiddenSize, intermediateSize } = network.config;
    const flopsPerRow = 2 * hiddenSize * Math.max(3 * hiddenSize, intermediateSize);
    const most = Math.min(limits.mostRows, Math.floor(this.device.pace.dispatchFlops / flopsPerRow));
    const packable = inputs.rows.flatMap((row, source) => sequenceOf(row, source, network.keepsFirst) ?? []);
    const everything = inputs.outputHiddenStates || inputs.outputAttentions;
    const asked = everything ? undefined : network.askedRows(inputs, packable);
    const wanted = asked && new Set(asked.map(({ sequence }) => sequence));
    let part: Sequence[] = [];
    let rows = 0;
    for (const [index, sequence] of packable.entries()) {
      if (wanted && !wanted.has(index)) continue;
      if (part.length > 0 && rows + sequence.length > most) {
        yield part;
        part = [];
        rows = 0;
      }
      part.push(sequence);
      rows += sequence.length;
    }
    if (part.length > 0) yield part;
  }

  /** Packs sequences, finds or builds their plan, and gathers the run's inputs. */
  private async prepare(inputs: Request, sequences: readonly Sequence[], tables: EmbeddingTables) {
    const { network } = this;
    const run = packRun(network, inputs, sequences, this.device.capabilities, this.limits);
    const job = network.job(run);
    const plan = await this.planOf(job, encoderKey(encoderRequest(run)));
    this.lastGraph = plan.graph;
    const data: Inputs = { ...encoderInputs(network, run, tables), ...job.data?.(tables) };
    return { plan, run, job, data };
  }

  /** Submits a part; what the network computes from its outputs by further runs belongs to the same turn. */
  private async startPart(
    inputs: Request,
    sequences: readonly Sequence[],
    tables: EmbeddingTables,
    options: RunOptions,
  ): Promise<{ readonly results: Promise<PartResult<Request>> }> {
    const { plan, run, job, data } = await this.prepare(inputs, sequences, tables);
    const { outputs } = await plan.start(data, options);
    if (job.finish) {
      const runJob = async (next: Job, given: Inputs) => (await this.planOf(next)).run(given, options);
      await job.finish(await outputs, runJob);
    }
    const results = outputs.then((given) => ({ ...run, outputs: given }));
    results.catch(() => undefined); // awaited with those of the other parts
    return { results };
  }

  private planOf(job: Job, key = ""): Promise<Plan> {
    return this.plans.get(`${job.key} ${key}`, () => job.build().graph.store(this.weights.storage));
  }
}

/** Packed rows of sequences. */
export const rowsOf = (sequences: readonly Sequence[]): number =>
  sequences.reduce((sum, { length }) => sum + length, 0);

const disposed = (): DisposedError => new DisposedError("this model was disposed");
