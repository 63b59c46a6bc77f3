// One loaded model on one device: request → packed runs → plans → rows read back. Queues runs (they share slots) and owns
// every buffer. What it runs is a value (network.ts); what callers see is above (model.ts).
import { abortable, eitherSignal } from "../../checkpoint/signals.js";
import { DisposedError } from "../../errors.js";
import type { Device } from "../../runtime/device.js";
import { describe } from "../../runtime/dispatches.js";
import type { Graph } from "../../runtime/graph.js";
import { compile, type Inputs, type Plan } from "../../runtime/plan.js";
import type { StepTime } from "../../runtime/profile.js";
import { Slots } from "../../runtime/slots.js";
import type { SlotTable } from "../deberta/relative-position.js";
import type { CheckedInputs } from "../inputs/types.js";
import type { EmbeddingTables } from "../load/embeddings.js";
import type { LoadedWeights } from "../load/load.js";
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

export class Engine<Request extends CheckedInputs = CheckedInputs, Net extends Network<Request> = Network<Request>> {
  readonly network: Net;
  readonly device: Device;
  readonly limits: EngineLimits;
  private readonly weights: LoadedWeights;
  private readonly slots: Slots;
  private readonly plans: Plans;
  private readonly queue = new Queue();
  private readonly onDispose: () => void;
  private readonly ending = new AbortController();
  private disposed: Promise<void> | undefined;
  private lastGraph: Graph | undefined;

  constructor(network: Net, device: Device, weights: LoadedWeights, onDispose: () => void) {
    this.network = network;
    this.device = device;
    this.limits = engineLimits(network.config, device.capabilities);
    this.weights = weights.hold();
    this.slots = new Slots(device);
    this.plans = new Plans((graph) => compile(device, graph, weights.residents.buffers, this.slots));
    this.onDispose = onDispose;
  }

  /** Runs a checked request, in as many parts as memory asks for. */
  forward(inputs: Request, signal?: AbortSignal): Promise<PartResult<Request>[]> {
    return this.enqueue(
      inputs,
      async (tables) => {
        const results: PartResult<Request>[] = [];
        for (const part of this.parts(inputs)) {
          signal?.throwIfAborted();
          results.push(await this.runPart(inputs, part, tables, signal));
        }
        return results;
      },
      signal,
    );
  }

  /** Time of every node for a request's first part. */
  profile(inputs: Request): Promise<readonly StepTime[]> {
    return this.enqueue(inputs, async (tables) => {
      const [part] = this.parts(inputs);
      const { plan, data } = await this.prepare(inputs, part ?? [], tables);
      return plan.profile(data);
    });
  }

  /** Every computed value of a request's first part, packed as it is. */
  inspect(
    inputs: Request,
    visit: (run: PackedRun<Request>, ...value: Parameters<Parameters<Plan["inspect"]>[1]>) => void,
  ): Promise<void> {
    return this.enqueue(inputs, async (tables) => {
      const [part] = this.parts(inputs);
      const { plan, data, run } = await this.prepare(inputs, part ?? [], tables);
      await plan.inspect(data, (...value) => visit(run, ...value));
    });
  }

  /** What the last request ran; before the first one, what one text of 128 tokens would run. */
  describe(): string {
    const { capabilities } = this.device;
    const sample = () => sampleGraph(this.network, capabilities, 128).graph.store(this.weights.storage);
    return describe(this.lastGraph ?? sample(), capabilities);
  }

  /** Rows of the word table, and of the absolute positions where the mask decoder looks them up. */
  tableRows(): { words: number; positions: number | undefined } {
    const { words, positions } = this.weights.tables;
    return { words: words.rows, positions: positions?.rows };
  }

  /** posK or posQ of a layer [S, H·d], and the slot of every distance. */
  async relative(name: string): Promise<Float32Array | undefined> {
    return this.weights.residents.buffers.has(name) ? this.weights.residents.read(name) : undefined;
  }

  get slotTable(): SlotTable {
    return this.weights.slots;
  }

  /** Resolves when the whole word table is here. */
  get whole(): Promise<void> {
    return this.weights.tables.words.whole;
  }

  memory(): { gpuBytes: number; buffers: number; hostBytes: number } {
    const { residents, hostBytes } = this.weights;
    const plans = this.plans.totals();
    const { slots, readback, buffers } = this.slots.totals();
    return {
      gpuBytes: residents.bytes() + slots + readback + plans.bytes,
      buffers: residents.buffers.size + buffers + plans.buffers,
      hostBytes,
    };
  }

  throwIfDisposed(): void {
    if (this.disposed) throw disposed();
  }

  /** Frees every buffer once the run in progress, if any, has ended. */
  dispose(): Promise<void> {
    if (this.disposed) return this.disposed;
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
    this.onDispose();
  }

  /** Waits for the rows of a request, then for its turn: one whose rows are still on their way holds up no other. */
  private async enqueue<T>(
    inputs: Request,
    work: (tables: EmbeddingTables) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    this.throwIfDisposed();
    this.device.throwIfLost();
    signal?.throwIfAborted();
    const { tables } = this.weights;
    const words = await abortable(
      tables.words.reader(wordRows(inputs), signal),
      eitherSignal(signal, this.ending.signal),
    );
    return this.queue.add(() => {
      this.throwIfDisposed();
      return work({ ...tables, words });
    }, signal);
  }

  /** Cuts a request into runs of bounded size; sequences without any attended column take part in none. */
  private *parts(inputs: CheckedInputs): Generator<Sequence[]> {
    let part: Sequence[] = [];
    let rows = 0;
    for (const [source, row] of inputs.rows.entries()) {
      const sequence = sequenceOf(row, source, this.network.keepsFirst);
      if (!sequence) continue;
      if (part.length > 0 && rows + sequence.length > this.limits.mostRows) {
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
    return { plan, run, data };
  }

  private async runPart(
    inputs: Request,
    sequences: readonly Sequence[],
    tables: EmbeddingTables,
    signal?: AbortSignal,
  ): Promise<PartResult<Request>> {
    const { plan, run, data } = await this.prepare(inputs, sequences, tables);
    const outputs = await plan.run(data, signal);
    const runJob = async (job: Job, given: Inputs) => (await this.planOf(job)).run(given, signal);
    await this.network.finish?.(outputs, runJob, this.limits);
    return { ...run, outputs };
  }

  private planOf(job: Job, key = ""): Promise<Plan> {
    return this.plans.get(`${job.key} ${key}`, () => job.build().graph.store(this.weights.storage));
  }
}

const disposed = (): DisposedError => new DisposedError("this model was disposed");
