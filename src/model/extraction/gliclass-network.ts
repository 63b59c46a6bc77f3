// GLiClass as a value that the engine runs: a vector for the text and one for every label, both projected; then their scores, by
// a product on the host or by a scorer's own graph.
import { gatherRows } from "../../kernels/gather-rows.js";
import { f32, padded, u32 } from "../../kernels/kernel.js";
import { poolRows, type Pooling } from "../../kernels/pool-rows.js";
import { activationOf } from "../deberta/activations.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { Builder } from "../deberta/layers.js";
import { NO_AXIS, plainAxis } from "../deberta/sizes.js";
import type { Network, PackedRun, RunJob } from "../run/network.js";
import { overConcatenated } from "./dense.js";
import type { GliclassConfig } from "./gliclass-config.js";
import { pairBlocks, pairScores, pairTables } from "./pair-scorer.js";
import { wordNetwork } from "./word-network.js";
import { type ExtractionRequest, extentsOf, type PartSizes, sizesOf } from "./word-rows.js";

/** What the checkpoint says beside its config. */
export interface GliclassParts {
  readonly gliclass: GliclassConfig;
  readonly lstmLayers: number;
  readonly hostLstm: boolean;
}

/** How each of the library's poolings is computed; first and last pool a single row. */
const POOLINGS: Readonly<Record<GliclassConfig["pooling"], Pooling>> = {
  first: "sum",
  last: "sum",
  max: "max",
  avg: "mean",
  sum: "sum",
  rms: "rms",
  abs_max: "absMax",
  abs_avg: "absMean",
};

/** Widths of the scorer of kind mlp. */
const [WIDE, NARROW] = [256, 128];

/** Network whose requests' words are the tokens of the text. Outputs `text_rep` [B, D], `label_rep` [C, D] and `scores` [C]. */
export function gliclassNetwork(
  config: DebertaV2Config,
  { gliclass, lstmLayers, hostLstm }: GliclassParts,
): Network<ExtractionRequest> {
  const D = config.hiddenSize;
  const inner = gliclass.hiddenSize ?? D;
  const activation = activationOf(gliclass.projectorAct, "projector_hidden_act");

  /** Scores of pairs of a text and a label whose vectors come from the host. */
  function scorerGraph(b: Builder, { texts, labels }: Pick<PartSizes, "texts" | "labels">): void {
    const { graph } = b;
    graph.scope("scorer", () => {
      const [ofTexts, ofLabels] = [f32(texts, padded(D, 4)), f32(labels, padded(D, 4))];
      const [text, label] = [graph.input("scorerTexts", ofTexts), graph.input("scorerLabels", ofLabels)];
      if (gliclass.scorer === "weighted-dot") {
        const scorer = { prefix: "scorer", rows: "proj_text", labels: "proj_label", size: D, outputs: 1 };
        pairScores(b, scorer, { states: text, axis: plainAxis(D) }, label, pairBlocks(labels, D)).forEach(
          (value, block) => graph.output(`scores.${block}`, value),
        );
        return;
      }
      const own = graph.add("texts", gatherRows, [text, graph.input("labelTexts", u32(labels))], {});
      const joined = { prefix: "scorer.mlp.0", size: D, output: WIDE };
      const wide = overConcatenated(b, "wide", [own, label], joined, "relu");
      const second = { prefix: "scorer.mlp.2", input: plainAxis(WIDE), output: plainAxis(NARROW) };
      const narrow = b.linear("narrow", wide, second, { activation: "relu" });
      const last = { prefix: "scorer.mlp.4", input: plainAxis(NARROW), output: plainAxis(1) };
      graph.output("scores.0", b.linear("scores", narrow, last));
    });
  }

  async function finish(
    run: PackedRun<ExtractionRequest>,
    outputs: Map<string, Float32Array>,
    runJob: RunJob,
  ): Promise<void> {
    const extents = extentsOf(run);
    const sizes = sizesOf(extents);
    const width = padded(D, 4);
    const [texts, labels] = [outputs.get("text_rep")!.slice(), outputs.get("label_rep")!.slice()];
    if (gliclass.normalizeFeatures) {
      normalizeRows(texts, width);
      normalizeRows(labels, width);
    }
    const scale = gliclass.normalizeFeatures ? outputs.get("logit_scale")![0]! : 1;
    const scores = new Float32Array(sizes.labels);
    outputs.set("scores", scores);
    if (gliclass.scorer === "simple") {
      extents.forEach(({ firstLabel, labels: count }, text) => {
        for (let label = firstLabel; label < firstLabel + count; label++) {
          let sum = 0;
          for (let c = 0; c < D; c++) sum += texts[text * width + c]! * labels[label * width + c]!;
          scores[label] = scale * sum;
        }
      });
      return;
    }
    const pairs = new Uint32Array(2 * sizes.labels);
    extents.forEach(({ firstLabel, labels: count }, text) => {
      for (let label = firstLabel; label < firstLabel + count; label++) pairs.set([text, label], 2 * label);
    });
    const blocks = gliclass.scorer === "mlp" ? [sizes.labels] : pairBlocks(sizes.labels, D);
    const given = {
      scorerTexts: texts,
      scorerLabels: labels,
      labelTexts: pairs.filter((_, at) => at % 2 === 0),
      ...pairTables(pairs, blocks),
    };
    const build = () => {
      const b = new Builder(config);
      scorerGraph(b, sizes);
      return b;
    };
    const key = JSON.stringify(["gliclass scorer", sizes.texts, sizes.labels]);
    const results = await runJob({ key, build }, given);
    let at = 0;
    blocks.forEach((count, block) => {
      const values = results.get(`scores.${block}`)!; // [pairs, 1], padded to 4
      for (let pair = 0; pair < count; pair++) scores[at++] = scale * values[4 * pair]!;
    });
  }

  return wordNetwork({
    name: "gliclass",
    config,
    width: D,
    pooling: "mean",
    lstm: lstmLayers > 0 ? { prefix: "lstm.lstm", layers: lstmLayers, size: D } : undefined,
    hostLstm,
    sample: (length) => ({
      parts: [
        {
          words: Array.from({ length }, (_, column) => [column, 1] as const),
          labels: [1, 3, 5].map((column) => [column, 1] as const),
        },
      ],
    }),
    tokens: (_, states) => states.last,
    head(b, { words, axis, labels, sizes }) {
      const { graph } = b;
      graph.scope("head", () => {
        const project = (side: "text" | "classes", x: typeof words, input: typeof axis) =>
          graph.scope(side, () => {
            const first = { prefix: `${side}_projector.linear_1`, input, output: plainAxis(inner) };
            const middle = b.linear("linear_1", x, first, { activation });
            const second = { prefix: `${side}_projector.linear_2`, input: plainAxis(inner), output: plainAxis(D) };
            return b.linear("linear_2", middle, second);
          });
        const pooled = graph.add("pooled", poolRows, [words, graph.input("pooled", u32(sizes.texts, 2))], {
          pooling: POOLINGS[gliclass.pooling],
        });
        graph.output("pooled", pooled);
        graph.output("text_rep", project("text", pooled, axis));
        graph.output("label_rep", project("classes", labels, plainAxis(D)));
        if (gliclass.normalizeFeatures) {
          const whole = {
            layout: { kind: "linear" },
            input: NO_AXIS,
            output: plainAxis(1),
            scale: 1,
            from: 0,
          } as const;
          graph.output(
            "logit_scale",
            b.resident("logit_scale", f32(4), [{ ...whole, tensor: "logit_scale", shape: [] }]),
          );
        }
      });
    },
    tables(run, sizes) {
      const pooled = new Uint32Array(2 * sizes.texts);
      extentsOf(run).forEach(({ firstWord, words }, text) => {
        const whole = [firstWord, words];
        const one = { first: [firstWord, 1], last: [firstWord + words - 1, 1] };
        pooled.set(
          gliclass.pooling === "first" || gliclass.pooling === "last" ? one[gliclass.pooling] : whole,
          2 * text,
        );
      });
      return { pooled };
    },
    more: {
      readsRows: false,
      later: (b) => {
        if (gliclass.scorer !== "simple") scorerGraph(b, { texts: 1, labels: 4 });
      },
      finish,
    },
  });
}

/** v / (‖v‖ + 1e-8), in place. */
function normalizeRows(rows: Float32Array, width: number): void {
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) + 1e-8;
    row.forEach((value, c) => (row[c] = value / length));
  }
}
