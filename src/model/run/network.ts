// What the engine runs: a model as a value. It says which tables stay on the host, which rows a request asks for, and which
// graph computes them; the engine packs, plans, queues and reads back. Heads and other architectures are such values.
import { type Capabilities, padded } from "../../kernels/kernel.js";
import type { Inputs } from "../../runtime/steps.js";
import type { DebertaV2Config } from "../deberta/config.js";
import type { EncoderOutputs } from "../deberta/encoder.js";
import type { Builder } from "../deberta/layers.js";
import type { BatchShape } from "../deberta/shape.js";
import type { CheckedInputs } from "../inputs/types.js";
import type { EmbeddingTables } from "../load/embeddings.js";
import type { TableShapes } from "../load/tables.js";
import { packBatch, type PackedBatch } from "./attention-tables.js";
import type { AskedRow, Sequence } from "./sequences.js";

/** A model that the engine can run. `Request` is a checked request, with what else the model's graph needs. */
export interface Network<Request extends CheckedInputs = CheckedInputs> {
  /** Of the encoder. */
  readonly config: DebertaV2Config;
  /** The embedding tables. */
  readonly tables: TableShapes;
  /** Whether a head reads the first column of every sequence even if it is masked. */
  readonly keepsFirst: boolean;
  /** A request of one text, to name weights, compile ahead and describe. */
  sample(length: number): Request;
  /** The rows whose states are wanted, of those that are packed; undefined for all. */
  askedRows(inputs: Request, sequences: readonly Sequence[]): AskedRow[] | undefined;
  /** The graph of one run and what it needs besides `tables` and `embeddings`. */
  job(run: PackedRun<Request>): Job;
}

/** A graph to run. Jobs of one batch shape and equal keys build equal graphs. */
export interface Job {
  readonly key: string;
  build(): Builder;
  /** Contents of the graph's further inputs. */
  data?(tables: EmbeddingTables): Inputs;
  /** Computes what one run could not give back, by further jobs, and puts it among the outputs. */
  finish?(outputs: Map<string, Float32Array>, run: RunJob): Promise<void>;
}

export type RunJob = (job: Job, inputs: Inputs) => Promise<Map<string, Float32Array>>;

/** Some sequences of a request, packed into one run. */
export interface PackedRun<Request extends CheckedInputs = CheckedInputs> {
  readonly inputs: Request;
  readonly sequences: readonly Sequence[];
  readonly packed: PackedBatch;
  /** The rows that the head reads; undefined for all. */
  readonly asked: readonly AskedRow[] | undefined;
  readonly limits: EngineLimits;
}

/** What the encoder's part of a graph depends on. */
export interface EncoderRequest extends EncoderOutputs {
  readonly shape: BatchShape;
  /** Layers whose terms of the scores are computed apart, too. */
  readonly terms: readonly number[];
}

export function encoderRequest({ inputs, packed }: PackedRun): EncoderRequest {
  const { outputHiddenStates: hiddenStates, outputAttentions: attentions, attentionTerms: terms = [] } = inputs;
  return { shape: packed.shape, hiddenStates, attentions, terms };
}

/** Sizes that bound one run; tests make them smaller. */
export interface EngineLimits {
  /** Sequences longer than this gather their relative terms: the products with all slots then cost less than one per pair. */
  gatherFrom: number;
  /** Rows of one run: activations stay below the binding limit and a run below a few hundred megabytes. */
  mostRows: number;
  /** Bytes of the scores of one block of queries. */
  scoreBytes: number;
  /** Bytes of vocabulary logits of one run. */
  logitBytes: number;
}

export function engineLimits(config: DebertaV2Config, { bindingBytes }: Capabilities): EngineLimits {
  const widest = Math.max(3 * padded(config.hiddenSize, 4), padded(config.intermediateSize, 4));
  return {
    gatherFrom: 512,
    mostRows: Math.min(8192, Math.floor(bindingBytes / (4 * widest))),
    scoreBytes: 64 * 2 ** 20,
    logitBytes: Math.min(128 * 2 ** 20, bindingBytes),
  };
}

/** Packs sequences of a request into one run. */
export function packRun<Request extends CheckedInputs>(
  network: Network<Request>,
  inputs: Request,
  sequences: readonly Sequence[],
  capabilities: Capabilities,
  limits: EngineLimits,
): PackedRun<Request> {
  const { config } = network;
  const asked = network.askedRows(inputs, sequences);
  const packed = packBatch(sequences, asked, capabilities, {
    heads: config.numAttentionHeads,
    slots: config.relativeSlots,
    gatherFrom: limits.gatherFrom,
    scoreBytes: limits.scoreBytes,
  });
  return { inputs, sequences, packed, asked, limits };
}

/** The graph of one text: it names every resident, and shares its pipelines with all sizes. */
export function sampleGraph<Request extends CheckedInputs>(
  network: Network<Request>,
  capabilities: Capabilities,
  length: number,
): Builder {
  const sequences = [{ source: 0, from: 0, length }];
  const limits = engineLimits(network.config, capabilities);
  return network.job(packRun(network, network.sample(length), sequences, capabilities, limits)).build();
}

/** A plain request of one text whose every column is real. */
export function plainSample(length: number): CheckedInputs {
  const row = { length, first: 0, end: length };
  return { rows: [row], batch: 1, columns: length, outputHiddenStates: false, outputAttentions: false };
}
