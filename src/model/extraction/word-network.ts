// What the models for extraction have in common, as a value that the engine runs: backbone → vectors of words and of labels → LSTM,
// if there is one → a head of the model's own.
import { f32, padded, u32 } from "../../kernels/kernel.js";
import { type PaddedAxis, paddedSize } from "../../kernels/pack-weights.js";
import { poolRows } from "../../kernels/pool-rows.js";
import type { Value } from "../../runtime/graph.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { encoded } from "../deberta/deberta.js";
import { Builder } from "../deberta/layers.js";
import { slotTable } from "../deberta/relative-position.js";
import { plainAxis } from "../deberta/sizes.js";
import { tableShapes } from "../load/table-shapes.js";
import { encoderRequest, type Network, type PackedRun, plainSample, type RunJob } from "../run/network.js";
import { HostLstm } from "./lstm-host.js";
import { lstmAxis, lstmGates, lstmLayers, type LstmSpec, recurrentWeights } from "./lstm-layer.js";
import { type ExtractionRequest, extentsOf, type PartSizes, partTables, sizesOf } from "./word-rows.js";

/** Vectors that a head starts from. */
export interface HeadRows {
  /** [R, h], R at least `sizes.words`; rows behind them are nobody's. */
  readonly words: Value;
  readonly axis: PaddedAxis;
  /** [C, h]. */
  readonly labels: Value;
  readonly sizes: PartSizes;
}

/** What one kind of model adds. */
export interface WordModel<Request extends ExtractionRequest = ExtractionRequest> {
  /** Begins the names of its plans. */
  readonly name: string;
  readonly config: DebertaV2Config;
  /** h: width of words and labels. */
  readonly width: number;
  readonly pooling: "mean" | "max";
  readonly lstm: LstmSpec | undefined;
  /** Whether the LSTM's recurrence runs on the host. */
  readonly hostLstm: boolean;
  /** From the encoder's states after each layer to [T, h]. */
  tokens(b: Builder, states: { readonly layers: readonly Value[]; readonly last: Value }, texts: number): Value;
  /** Names the outputs. */
  head(b: Builder, rows: HeadRows): void;
  /** What a request of `length` tokens looks like. */
  sample(length: number): Pick<Request, Exclude<keyof Request, keyof ReturnType<typeof plainSample>>>;
  /** Further inputs of the head. */
  tables?(run: PackedRun<Request>, sizes: PartSizes): Record<string, Uint32Array>;
  /** Goes on from the outputs by further jobs; `later` names in a sample's graph what these need. */
  readonly more?: {
    /** Whether it reads the words and labels themselves. */
    readonly readsRows: boolean;
    later(b: Builder): void;
    finish(run: PackedRun<Request>, outputs: Map<string, Float32Array>, runJob: RunJob): Promise<void>;
  };
}

export function wordNetwork<Request extends ExtractionRequest>(model: WordModel<Request>): Network<Request> {
  const { config, lstm, width: h, more } = model;
  const { reach } = slotTable(config);
  const host = lstm && model.hostLstm ? new HostLstm(config, lstm) : undefined;
  const axis = lstm ? lstmAxis(lstm) : plainAxis(h);
  /** Rows of the matrix of words that the head gets. */
  const wordRows = (sizes: PartSizes) => sizes.words + (lstm && !host ? lstm.layers * sizes.texts : 0);

  function rowsOf(b: Builder, run: PackedRun<Request>, sizes: PartSizes) {
    const { graph } = b;
    const states = model.tokens(b, encoded(b, { ...encoderRequest(run), reach }), sizes.texts);
    const picked = graph.add("picked", poolRows, [states, graph.input("segments", u32(sizes.words, 2))], {
      pooling: model.pooling, // of one row either is that row
    });
    const labels = graph.add("labels", poolRows, [states, graph.input("labels", u32(sizes.labels, 2))], {
      pooling: "mean",
    });
    if (run.inputs.inspected) {
      graph.output("token_embeddings", states);
      graph.output("words_before_lstm", picked);
    }
    if (run.inputs.inspected || host || more?.readsRows) graph.output("prompts", labels);
    return { picked, labels };
  }

  /** Backbone, words and labels; with all on the device the head, too. */
  function body(run: PackedRun<Request>, sizes: PartSizes, isSample: boolean): Builder {
    const b = new Builder(config);
    const { picked, labels } = rowsOf(b, run, sizes);
    if (isSample) more?.later(b);
    if (lstm && host) {
      b.graph.output("gates", lstmGates(b, lstm, 0, picked, plainAxis(h)));
      if (isSample) nameLater(b, lstm, sizes);
      return b;
    }
    const words = lstm ? lstmLayers(b, lstm, picked, plainAxis(h), sizes) : picked;
    if (run.inputs.inspected || more?.readsRows) b.graph.output("words", words);
    model.head(b, { words, axis, labels, sizes });
    return b;
  }

  function headFromHost(b: Builder, sizes: PartSizes): Value {
    const words = b.graph.input("hostWords", f32(sizes.words, paddedSize(axis)));
    model.head(b, { words, axis, labels: b.graph.input("hostLabels", f32(sizes.labels, padded(h, 4))), sizes });
    return words;
  }

  /** The graph of a sample names the weights of the jobs that follow the host's part, too. */
  function nameLater(b: Builder, spec: LstmSpec, sizes: PartSizes): void {
    const words = headFromHost(b, sizes);
    for (let layer = 0; layer < spec.layers; layer++) {
      const { weight, bias } = recurrentWeights(b, spec, layer);
      b.graph.output(`recurrent.${layer}`, weight);
      b.graph.output(`recurrent.bias.${layer}`, bias);
      if (layer > 0) lstmGates(b, spec, layer, words, axis);
    }
  }

  const keyOf = (kind: string, sizes: PartSizes, run: PackedRun<Request>) =>
    JSON.stringify([kind, sizes, run.inputs.inspected ?? false]);

  const tablesOf = (run: PackedRun<Request>, sizes: PartSizes) => ({
    ...partTables(run, sizes, wordRows(sizes)),
    ...model.tables?.(run, sizes),
  });

  /** The recurrence on the host, then the head by a graph of its own. */
  async function afterHost(
    recurrent: HostLstm,
    run: PackedRun<Request>,
    sizes: PartSizes,
    outputs: Map<string, Float32Array>,
    runJob: RunJob,
  ): Promise<void> {
    const tables = tablesOf(run, sizes);
    const hostWords = await recurrent.run(outputs.get("gates")!, tables.texts, runJob);
    const given = { ...tables, hostWords, hostLabels: outputs.get("prompts")! };
    const build = () => {
      const b = new Builder(config);
      headFromHost(b, sizes);
      return b;
    };
    const job = { key: keyOf(`${model.name} head`, sizes, run), build };
    for (const [name, value] of await runJob(job, given)) outputs.set(name, value);
    outputs.set("words", hostWords);
  }

  return {
    config,
    tables: tableShapes(config),
    keepsFirst: false,
    sample: (length) => ({ ...plainSample(length), ...model.sample(length) }) as Request,
    askedRows: () => undefined,
    job(run) {
      const sizes = sizesOf(extentsOf(run));
      const isSample = run.inputs.rows.every(({ ids, embeds }) => !ids && !embeds);
      const goesOn = host !== undefined || more !== undefined;
      return {
        key: keyOf(model.name, sizes, run),
        build: () => body(run, sizes, isSample),
        data: () => tablesOf(run, sizes),
        ...(goesOn
          ? {
              finish: async (outputs, runJob) => {
                if (host) await afterHost(host, run, sizes, outputs, runJob);
                await more?.finish(run, outputs, runJob);
              },
            }
          : {}),
      };
    },
  };
}
