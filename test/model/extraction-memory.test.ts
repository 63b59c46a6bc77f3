// What scoring spans costs: memory grows with words × labels, and no row is kept for a span. Over a GPU that computes nothing.
import { expect, test } from "vitest";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { GlinerConfig } from "../../src/model/extraction/gliner-config.js";
import { glinerNetwork } from "../../src/model/extraction/gliner-network.js";
import type { ExtractionRequest } from "../../src/model/extraction/word-rows.js";
import { stubEngine } from "../support/stub-engine.js";
import { requestOf, V3_BASE } from "../support/v3-base.js";

const [H, K] = [512, 12];
const CONFIG = { ...V3_BASE, num_hidden_layers: 1, vocab_size: 1000 };

/** One text: a marker and a token for every label, one token a word. */
function request(words: number, labels: number): ExtractionRequest {
  const length = 2 * labels + words + 3;
  return {
    ...requestOf([length]),
    parts: [
      {
        words: Array.from({ length: words }, (_, i) => [2 * labels + 2 + i, 1] as const),
        labels: Array.from({ length: labels }, (_, i) => [1 + 2 * i, 1] as const),
      },
    ],
  };
}

/** Bytes of activations on the device for one request, the encoder's of as many tokens left out. */
async function headBytes(mode: "markerV0" | "token_level", words: number, labels: number): Promise<number> {
  const peak = async (own: ExtractionRequest) => {
    const gliner = new GlinerConfig({ hidden_size: H, max_width: K, span_mode: mode });
    const network = glinerNetwork(new DebertaV2Config(CONFIG), {
      gliner,
      lstmLayers: 1,
      fuseInner: 1,
      hostLstm: false,
    });
    const { gpu, engine } = await stubEngine(network);
    await engine.forward(own);
    const bytes = gpu.peakBytes;
    await engine.dispose();
    expect(gpu.bytes).toBe(0);
    return bytes;
  };
  const whole = request(words, labels);
  return (await peak(whole)) - (await peak({ ...whole, parts: [{ words: [[1, 1]], labels: [[1, 1]] }] }));
}

test.each(["markerV0", "token_level"] as const)("%s: linear in words and in labels", async (mode) => {
  const scores = (words: number, labels: number) => 4 * words * labels * (mode === "markerV0" ? K : 4);
  const base = await headBytes(mode, 128, 16);
  for (const [words, labels] of [
    [256, 16],
    [512, 16],
    [128, 200],
    [512, 200],
  ] as const) {
    const bytes = await headBytes(mode, words, labels);
    // Scores, twice for their way back, and a bounded number of rows a word and a label.
    const rows = 4 * (words + labels) * 16 * H;
    const bounded = mode === "markerV0" ? 0 : 2 ** 25 + 2 ** 23; // the block of pairs, and its rounding
    expect(bytes).toBeLessThan(base + 3 * scores(words, labels) + rows + bounded);
    expect(bytes).toBeLessThan(4 * words * (mode === "markerV0" ? K : labels) * 4 * H); // with a row of 4·h a score
  }
});
