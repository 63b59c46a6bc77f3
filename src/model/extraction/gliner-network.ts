// GLiNER as a value that the engine runs: words and labels of the prompt → scores of spans, or of words.
import type { DebertaV2Config } from "../deberta/config.js";
import { plainAxis } from "../deberta/sizes.js";
import type { Network, PackedRun } from "../run/network.js";
import { mlp } from "./dense.js";
import { fusedLayers } from "./fuse-layers.js";
import type { GlinerConfig } from "./gliner-config.js";
import { pairBlocks, pairScores, pairTables } from "./pair-scorer.js";
import { type SpanHead, spanLabels, spanLogits, spanSides, spanWordTable } from "./span-head.js";
import { wordNetwork } from "./word-network.js";
import { type ExtractionRequest, extentsOf, type PartSizes } from "./word-rows.js";

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
  const h = gliner.hiddenSize;
  const spanHead: SpanHead = {
    mode: gliner.isTokenLevel ? "markerV0" : (gliner.spanMode as SpanHead["mode"]),
    prefix: "span_rep_layer.span_rep_layer",
    size: h,
    widths: gliner.maxWidth,
  };
  return wordNetwork({
    name: "gliner",
    config,
    width: h,
    pooling: gliner.subtokenPooling === "max" ? "max" : "mean",
    lstm: layers > 0 ? { prefix: "rnn.lstm", layers, size: h } : undefined,
    hostLstm,
    sample: (length) => ({
      parts: [
        {
          words: Array.from({ length: length - 8 }, (_, i) => [8 + i, 1] as const),
          labels: [1, 3, 5].map((column) => [column, 1] as const),
        },
      ],
    }),
    tokens(b, states, texts) {
      const fused = gliner.fuseLayers ? fusedLayers(b, states.layers, texts, parts.fuseInner) : states.last;
      if (h === config.hiddenSize) return fused;
      const axes = { input: plainAxis(config.hiddenSize), output: plainAxis(h) };
      return b.linear("projection", fused, { prefix: "token_rep_layer.projection", ...axes });
    },
    head(b, { words, axis, labels, sizes }) {
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
        b.graph.output("logits", spanLogits(b, spanHead, sides, side, spanWordTable(b, sides), sizes.mostLabels));
        b.graph.output("label_rep", queries);
      });
    },
    ...(gliner.isTokenLevel
      ? { tables: (run, sizes) => pairTables(wordPairs(run, sizes), pairBlocks(sizes.pairs, h)) }
      : {}),
  });
}

/** Every word with every label of its text: [pairs, 2]. */
function wordPairs(run: PackedRun<ExtractionRequest>, sizes: PartSizes): Uint32Array {
  const pairs = new Uint32Array(2 * sizes.pairs);
  let at = 0;
  for (const { firstWord, words, firstLabel, labels } of extentsOf(run)) {
    for (let word = 0; word < words; word++) {
      for (let label = 0; label < labels; label++, at += 2) pairs.set([firstWord + word, firstLabel + label], at);
    }
  }
  return pairs;
}
