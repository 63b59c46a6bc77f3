// One loaded model on one device: batch → plan → rows read back. Keeps the plans of recent batch sizes, queues runs (they
// share slots), and owns every buffer. Knows graphs and heads, but not what callers see (model.ts).
import { DisposedError } from "../../errors.js";
import { padded } from "../../kernels/kernel.js";
import type { Device } from "../../runtime/device.js";
import type { Graph } from "../../runtime/graph.js";
import { describe } from "../../runtime/dispatches.js";
import { compile, type Inputs, type Plan } from "../../runtime/plan.js";
import type { StepTime } from "../../runtime/profile.js";
import { Slots } from "../../runtime/slots.js";
import type { Residents } from "../../runtime/weights.js";
import { type AskedRow, packBatch, type PackedBatch, type Sequence, sequenceOf } from "./batch.js";
import type { QueryShape } from "../deberta/attention.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { debertaGraph, type GraphRequest, logitsGraph } from "../deberta/deberta.js";
import { addEmbeddings, type EmbeddingTables } from "../load/embeddings.js";
import type { HeadSpec } from "../deberta/heads.js";
import type { CheckedInputs } from "../inputs/inputs.js";
import { LateTable } from "../load/late-table.js";
import type { SlotTable } from "../deberta/relative-position.js";

/** Everything that loading leaves behind. */
export interface LoadedWeights {
  readonly residents: Residents;
  readonly tables: EmbeddingTables;
  readonly slots: SlotTable;
}

/** What one run gave, for a part of the request's sequences. */
export interface PartResult {
  readonly sequences: readonly Sequence[];
  readonly packed: PackedBatch;
  /** Graph outputs by name, and where logits of asked rows belong. */
  readonly outputs: ReadonlyMap<string, Float32Array>;
  readonly asked: readonly AskedRow[] | undefined;
}

/** Rows of one run: activations stay below the binding limit and a run below a few hundred megabytes. */
const MOST_ROWS = 8192;
const SCORE_BYTES = 64 * 2 ** 20;
const LOGIT_BYTES = 128 * 2 ** 20;
const CACHED_PLANS = 8;

/** Sequences longer than this gather their relative terms: the products with all slots then cost less than one per pair. */
export const GATHER_FROM = 512;

export class Engine {
  readonly config: DebertaV2Config;
  readonly head: HeadSpec;
  readonly device: Device;
  /** Three sizes that tests make smaller: see their defaults. */
  gatherFrom: number = GATHER_FROM;
  mostRows: number = MOST_ROWS;
  logitBytes: number;
  private readonly weights: LoadedWeights;
  private readonly slots: Slots;
  private readonly plans = new Map<string, Plan>();
  private readonly onDispose: () => void;
  private queue: Promise<unknown> = Promise.resolve();
  private running = 0;
  private disposed: Promise<void> | undefined;
  private lastGraph: Graph | undefined;

  constructor(config: DebertaV2Config, head: HeadSpec, device: Device, weights: LoadedWeights, onDispose: () => void) {
    this.config = config;
    this.head = head;
    this.device = device;
    this.weights = weights;
    this.slots = new Slots(device);
    this.logitBytes = Math.min(LOGIT_BYTES, device.capabilities.bindingBytes);
    this.onDispose = onDispose;
  }

  /** Runs a checked request, in as many parts as memory asks for. */
  forward(inputs: CheckedInputs, signal?: AbortSignal): Promise<PartResult[]> {
    return this.enqueue(async () => {
      const results: PartResult[] = [];
      for (const part of this.parts(inputs)) {
        signal?.throwIfAborted();
        results.push(await this.runPart(inputs, part, signal));
      }
      return results;
    }, signal);
  }

  /** Time of every node for a request's first part. */
  profile(inputs: CheckedInputs): Promise<readonly StepTime[]> {
    return this.enqueue(async () => {
      const [part] = this.parts(inputs);
      const { plan, data } = await this.prepare(inputs, part ?? []);
      return plan.profile(data);
    });
  }

  /** Every computed value of a request's first part, packed as it is. */
  inspect(
    inputs: CheckedInputs,
    visit: (
      packed: PackedBatch,
      sequences: readonly Sequence[],
      ...value: Parameters<Parameters<Plan["inspect"]>[1]>
    ) => void,
  ): Promise<void> {
    return this.enqueue(async () => {
      const [part] = this.parts(inputs);
      const sequences = part ?? [];
      const { plan, data, packed } = await this.prepare(inputs, sequences);
      await plan.inspect(data, (...value) => visit(packed, sequences, ...value));
    });
  }

  /** What the last request ran; before the first one, what one text of 128 tokens would run. */
  describe(): string {
    if (this.lastGraph) return describe(this.lastGraph, this.device.capabilities);
    const sequence = { source: 0, from: 0, length: 128 };
    const row = { length: 128, first: 0, end: 128 };
    const inputs = { rows: [row], batch: 1, columns: 128, outputHiddenStates: false, outputAttentions: false };
    return describe(this.graphOf(this.request(inputs, [sequence]).request), this.device.capabilities);
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

  /** The word table, if it may still be on its way. */
  private get lateWords(): LateTable | undefined {
    const { words } = this.weights.tables;
    return words instanceof LateTable ? words : undefined;
  }

  memory(): { gpuBytes: number; buffers: number; hostBytes: number } {
    const { residents, tables } = this.weights;
    const plans = [...this.plans.values()];
    const { slots, readback, buffers } = this.slots.totals();
    const host = [tables.words, tables.positions, tables.types].reduce(
      (sum, table) => sum + (table?.byteLength ?? 0),
      0,
    );
    return {
      gpuBytes: residents.bytes() + slots + readback + plans.reduce((sum, plan) => sum + plan.bytes, 0),
      buffers: residents.buffers.size + buffers + plans.length,
      hostBytes: host,
    };
  }

  throwIfDisposed(): void {
    if (this.disposed) throw disposed();
  }

  /** Frees every buffer once the run in progress, if any, has ended. */
  dispose(): Promise<void> {
    if (this.disposed) return this.disposed;
    this.lateWords?.stop(disposed());
    const isIdle = this.running === 0;
    this.disposed = isIdle ? Promise.resolve() : this.queue.then(() => this.free());
    if (isIdle) this.free();
    return this.disposed;
  }

  private free(): void {
    for (const plan of this.plans.values()) plan.dispose();
    this.plans.clear();
    this.slots.dispose();
    this.weights.residents.dispose();
    this.onDispose();
  }

  /** Runs wait for each other; an aborted caller does not wait, but the next run does. */
  private enqueue<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.throwIfDisposed();
    this.device.throwIfLost();
    signal?.throwIfAborted();
    this.running++;
    const result = this.queue.then(() => {
      this.throwIfDisposed();
      return work();
    });
    this.queue = result.then(
      () => this.running--,
      () => this.running--,
    );
    if (!signal) return result;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  /** Cuts a request into runs of bounded size; sequences without any attended column take part in none. */
  private *parts(inputs: CheckedInputs): Generator<Sequence[]> {
    const keepsFirst = this.head.kind === "pooled";
    const widest = Math.max(3 * padded(this.config.hiddenSize, 4), padded(this.config.intermediateSize, 4));
    const most = Math.min(this.mostRows, Math.floor(this.device.capabilities.bindingBytes / (4 * widest)));
    let part: Sequence[] = [];
    let rows = 0;
    for (const [source, row] of inputs.rows.entries()) {
      const sequence = sequenceOf(row, source, keepsFirst);
      if (!sequence) continue;
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

  /** The rows whose states the head reads; undefined for all. */
  private askedRows(inputs: CheckedInputs, sequences: readonly Sequence[]): AskedRow[] | undefined {
    if (this.head.kind === "pooled") return sequences.map((_, sequence) => ({ sequence, column: 0 }));
    if (!inputs.logitsAt) return undefined;
    return inputs.logitsAt.flatMap(([source, column]) => {
      const index = sequences.findIndex((sequence) => sequence.source === source);
      const sequence = sequences[index];
      const kept = sequence ? column - sequence.from : -1;
      return sequence && kept >= 0 && kept < sequence.length ? [{ sequence: index, column: kept }] : [];
    });
  }

  /** Packs sequences, and says what graph they need. */
  private request(inputs: CheckedInputs, sequences: readonly Sequence[]) {
    const { head } = this;
    const asked = this.askedRows(inputs, sequences);
    const packed = packBatch(sequences, asked, this.device.capabilities, {
      heads: this.config.numAttentionHeads,
      slots: this.config.relativeSlots,
      gatherFrom: this.gatherFrom,
      scoreBytes: SCORE_BYTES,
    });
    const { shape } = packed;
    const logitRows = (shape.asked ?? shape.all).rows;
    const statesOnly = head.kind === "maskedLm" && 4 * logitRows * padded(head.lm.vocabulary, 4) > this.logitBytes;
    const request: GraphRequest = {
      shape,
      reach: this.weights.slots.reach,
      hiddenStates: inputs.outputHiddenStates,
      attentions: inputs.outputAttentions,
      statesOnly,
    };
    return { request, packed, asked };
  }

  private graphOf(request: GraphRequest): Graph {
    return debertaGraph(this.config, this.head, request).graph;
  }

  /** Packs sequences, finds or builds their plan, and gathers the run's inputs. */
  private async prepare(inputs: CheckedInputs, sequences: readonly Sequence[], signal?: AbortSignal) {
    const { request, packed, asked } = this.request(inputs, sequences);
    const plan = await this.cachedPlan(planKey(request), () => this.graphOf(request));
    this.lastGraph = plan.graph;
    await this.lateWords?.need(wordRows(inputs, sequences), signal);
    const data = this.inputData(inputs, sequences, packed, asked);
    return { plan, packed, asked, statesOnly: request.statesOnly, data };
  }

  private inputData(
    inputs: CheckedInputs,
    sequences: readonly Sequence[],
    { shape, tables, firstRows }: PackedBatch,
    asked: readonly AskedRow[] | undefined,
  ): Inputs {
    const { config, head, weights } = this;
    const width = padded(config.embeddingSize, 4);
    const embeddings = new Float32Array(shape.rows * width);
    sequences.forEach((sequence, index) => {
      const row = inputs.rows[sequence.source]!;
      addEmbeddings(weights.tables, config.positionBiasedInput, row, sequence, embeddings, width, firstRows[index]!);
    });
    const data: Record<string, Float32Array | Uint32Array> = { ...tables, embeddings };
    if (head.kind === "maskedLm" && head.maskDecoder) {
      const set = shape.asked ?? shape.all;
      const stride = padded(config.hiddenSize, 4);
      const positions = new Float32Array(set.rows * stride);
      const every = (): AskedRow[] =>
        sequences.flatMap(({ length }, sequence) => Array.from({ length }, (_, column) => ({ sequence, column })));
      (asked ?? every()).forEach(({ sequence, column }, row) => {
        const { source, from } = sequences[sequence]!;
        const position = inputs.rows[source]!.positions?.[from + column] ?? from + column;
        weights.tables.positions!.addRow(position, positions.subarray(row * stride, row * stride + config.hiddenSize));
      });
      data[`${set.name}.positions`] = positions;
    }
    return data;
  }

  private async runPart(
    inputs: CheckedInputs,
    sequences: readonly Sequence[],
    signal?: AbortSignal,
  ): Promise<PartResult> {
    const { plan, packed, asked, statesOnly, data } = await this.prepare(inputs, sequences, signal);
    const outputs = await plan.run(data, signal);
    if (statesOnly) outputs.set("logits", await this.logitsOf(outputs.get("states")!, signal));
    return { sequences, packed, outputs, asked };
  }

  /** Logits over the vocabulary for more rows than one run may give back. */
  private async logitsOf(states: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    const head = this.head as HeadSpec & { kind: "maskedLm" };
    const width = padded(head.lm.width, 4);
    const columns = padded(head.lm.vocabulary, 4);
    const rows = states.length / width;
    const perRun = Math.max(16, Math.floor(this.logitBytes / (4 * columns)));
    const logits = new Float32Array(rows * columns);
    for (let from = 0; from < rows; from += perRun) {
      const count = Math.min(perRun, rows - from);
      const plan = await this.cachedPlan(`logits ${count}`, () => logitsGraph(this.config, head, count).graph);
      const result = await plan.run({ states: states.subarray(from * width, (from + count) * width) }, signal);
      logits.set(result.get("logits")!, from * columns);
    }
    return logits;
  }

  /** The plan of a key, from the most recently used ones. Runs wait for each other, so no plan is asked for twice at once. */
  private async cachedPlan(key: string, build: () => Graph): Promise<Plan> {
    const known = this.plans.get(key);
    this.plans.delete(key);
    const plan = known ?? (await compile(this.device, build(), this.weights.residents.buffers, this.slots));
    this.plans.set(key, plan);
    const [oldest] = this.plans;
    if (this.plans.size > CACHED_PLANS && oldest) {
      this.plans.delete(oldest[0]);
      oldest[1].dispose();
    }
    return plan;
  }
}

const disposed = (): DisposedError => new DisposedError("this model was disposed");

/** The rows of the word table that a run's sequences use. */
function* wordRows(inputs: CheckedInputs, sequences: readonly Sequence[]): Generator<number> {
  for (const { source, from, length } of sequences)
    yield* inputs.rows[source]!.ids?.subarray(from, from + length) ?? [];
}

/** What distinguishes plans: sizes after rounding and what is asked for; not the exact lengths, which travel in tables. */
function planKey({ shape, hiddenStates, attentions, statesOnly }: GraphRequest): string {
  const set = (query: QueryShape | undefined) =>
    query?.blocks.map(({ tiles, valueTiles, scoreRows, scores, rows }) => [
      query.rows,
      tiles,
      valueTiles,
      scoreRows,
      scores,
      ...(shape.form === "gather" ? rows : []),
    ]);
  return JSON.stringify([
    shape.rows,
    shape.form,
    shape.maskWords,
    set(shape.all),
    set(shape.asked),
    hiddenStates,
    attentions,
    statesOnly,
  ]);
}
