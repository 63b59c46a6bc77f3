// GLiNER as a value that the engine runs: backbone → words and labels → LSTM → scores of spans, or of words.
import { f32, padded, u32 } from "../../kernels/kernel.js";
import { gatherRows } from "../../kernels/gather-rows.js";
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
import { mlp } from "./dense.js";
import { fusedLayers } from "./fuse-layers.js";
import type { GlinerConfig } from "./gliner-config.js";
import { HostLstm } from "./lstm-host.js";
import { lstmAxis, lstmGates, lstmLayers, type LstmSpec, recurrentWeights } from "./lstm-layer.js";
import { pairBlocks, pairScores } from "./pair-scorer.js";
import { type SpanHead, spanLabels, spanLogits, spanSides } from "./span-head.js";
import { type ExtractionRequest, extentsOf, type PartSizes, partTables, sizesOf } from "./word-rows.js";

/** What the checkpoint says beside its configs. */
export interface GlinerParts {
  readonly gliner: GlinerConfig;
  /** Layers of the LSTM that the file holds; 0 for none. */
  readonly lstmLayers: number;
  /** Rows of the gate between fused layers. */
  readonly fuseInner: number;
  /** Whether the LSTM's recurrence runs on the host. */
  readonly hostLstm: boolean;
}

/** Scores of a word for a label, token level: start, end, inside. */
export const TOKEN_SCORES = 3;

export function glinerNetwork(config: DebertaV2Config, parts: GlinerParts): Network<ExtractionRequest> {
  const { gliner, lstmLayers: layers, hostLstm } = parts;
  const { reach } = slotTable(config);
  const h = gliner.hiddenSize;
  const lstm: LstmSpec | undefined = layers > 0 ? { prefix: "rnn.lstm", layers, size: h } : undefined;
  const host = lstm && hostLstm ? new HostLstm(config, lstm) : undefined;
  const wordAxis = lstm ? lstmAxis(lstm) : plainAxis(h);
  const spanHead: SpanHead = {
    mode: gliner.isTokenLevel ? "markerV0" : (gliner.spanMode as SpanHead["mode"]),
    prefix: "span_rep_layer.span_rep_layer",
    size: h,
    widths: gliner.maxWidth,
  };
  /** Rows of the matrix of words that the scores are computed from. */
  const wordRows = (sizes: PartSizes) => sizes.words + (lstm && !host ? layers * sizes.texts : 0);

  function tokenStates(b: Builder, run: PackedRun<ExtractionRequest>, texts: number): Value {
    const states = encoded(b, { ...encoderRequest(run), reach });
    const fused = gliner.fuseLayers ? fusedLayers(b, states.layers, texts, parts.fuseInner) : states.last;
    if (h === config.hiddenSize) return fused;
    const axes = { input: plainAxis(config.hiddenSize), output: plainAxis(h) };
    return b.linear("projection", fused, { prefix: "token_rep_layer.projection", ...axes });
  }

  function pickedWords(b: Builder, states: Value, sizes: PartSizes): Value {
    const pooling = gliner.subtokenPooling === "max" ? "max" : "mean"; // of one row either is that row
    return b.graph.add("picked", poolRows, [states, b.graph.input("segments", u32(sizes.words, 2))], { pooling });
  }

  function scores(b: Builder, words: Value, axis: PaddedAxis, labels: Value, sizes: PartSizes): void {
    b.graph.scope("head", () => {
      if (gliner.isTokenLevel) {
        const scorer = { prefix: "scorer", rows: "proj_token", labels: "proj_label", size: h, outputs: TOKEN_SCORES };
        pairScores(b, scorer, { states: words, axis }, labels, pairBlocks(sizes.pairs, h)).forEach((value, block) =>
          b.graph.output(`logits.${block}`, value),
        );
        return;
      }
      const queries = mlp(b, "labels", labels, "prompt_rep_layer", { input: plainAxis(h), inner: 4 * h, output: h });
      const sides = spanSides(b, spanHead, { states: words, axis, texts: sizes.texts });
      const side = spanLabels(b, spanHead, queries);
      b.graph.output("logits", spanLogits(b, spanHead, sides, side, sizes.mostLabels));
      b.graph.output("label_rep", queries);
    });
  }

  /** Backbone, words and labels; with all on the device the scores, too. */
  function body(run: PackedRun<ExtractionRequest>, sizes: PartSizes, isSample: boolean): Builder {
    const b = new Builder(config);
    const states = tokenStates(b, run, sizes.texts);
    const picked = pickedWords(b, states, sizes);
    const labels = b.graph.add("labels", gatherRows, [states, b.graph.input("labels", u32(sizes.labels))], {});
    if (run.inputs.inspected) {
      b.graph.output("token_embeddings", states);
      b.graph.output("words_before_lstm", picked);
    }
    if (run.inputs.inspected || host) b.graph.output("prompts", labels);
    if (lstm && host) {
      b.graph.output("gates", lstmGates(b, lstm, 0, picked, plainAxis(h)));
      if (isSample) nameLater(b, lstm, sizes);
      return b;
    }
    const words = lstm ? lstmLayers(b, lstm, picked, plainAxis(h), sizes) : picked;
    if (run.inputs.inspected) b.graph.output("words", words);
    scores(b, words, wordAxis, labels, sizes);
    return b;
  }

  /** The graph of a sample names the weights of the jobs that follow the host's part, too. */
  function nameLater(b: Builder, spec: LstmSpec, sizes: PartSizes): void {
    const words = b.graph.input("hostWords", f32(sizes.words, paddedSize(wordAxis)));
    for (let layer = 0; layer < spec.layers; layer++) {
      const { weight, bias } = recurrentWeights(b, spec, layer);
      b.graph.output(`recurrent.${layer}`, weight);
      b.graph.output(`recurrent.bias.${layer}`, bias);
      if (layer > 0) lstmGates(b, spec, layer, words, wordAxis);
    }
    scores(b, words, wordAxis, b.graph.input("hostLabels", f32(sizes.labels, padded(h, 4))), sizes);
  }

  function headGraph(sizes: PartSizes): Builder {
    const b = new Builder(config);
    const words = b.graph.input("hostWords", f32(sizes.words, paddedSize(wordAxis)));
    scores(b, words, wordAxis, b.graph.input("hostLabels", f32(sizes.labels, padded(h, 4))), sizes);
    return b;
  }

  const keyOf = (kind: string, sizes: PartSizes, run: PackedRun<ExtractionRequest>) =>
    JSON.stringify([kind, sizes, run.inputs.inspected ?? false]);

  function tablesOf(run: PackedRun<ExtractionRequest>, sizes: PartSizes) {
    const { pairs, ...tables } = partTables(run, sizes, wordRows(sizes));
    const blocks: Record<string, Uint32Array> = {};
    let from = 0;
    pairBlocks(sizes.pairs, h).forEach((count, block) => {
      blocks[`pairs.${block}`] = pairs.subarray(2 * from, 2 * (from += count));
    });
    return { ...tables, ...blocks };
  }

  /** The recurrence on the host, then the scores by a graph of their own. */
  async function afterHost(
    recurrent: HostLstm,
    run: PackedRun<ExtractionRequest>,
    sizes: PartSizes,
    outputs: Map<string, Float32Array>,
    runJob: RunJob,
  ): Promise<void> {
    const tables = tablesOf(run, sizes);
    const hostWords = await recurrent.run(outputs.get("gates")!, tables.texts, runJob);
    const given = { ...tables, hostWords, hostLabels: outputs.get("prompts")! };
    const job = { key: keyOf("gliner head", sizes, run), build: () => headGraph(sizes) };
    for (const [name, value] of await runJob(job, given)) outputs.set(name, value);
    outputs.set("words", hostWords);
  }

  return {
    config,
    tables: tableShapes(config),
    keepsFirst: false,
    sample: (length) => ({
      ...plainSample(length),
      parts: [{ words: Array.from({ length: length - 8 }, (_, i) => [8 + i, 1] as const), labels: [1, 3, 5] }],
    }),
    askedRows: () => undefined,
    job(run) {
      const sizes = sizesOf(extentsOf(run));
      const isSample = run.inputs.rows.every(({ ids, embeds }) => !ids && !embeds);
      return {
        key: keyOf("gliner", sizes, run),
        build: () => body(run, sizes, isSample),
        data: () => tablesOf(run, sizes),
        ...(host ? { finish: (outputs, runJob) => afterHost(host, run, sizes, outputs, runJob) } : {}),
      };
    },
  };
}
