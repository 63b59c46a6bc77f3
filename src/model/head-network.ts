// The encoder with one of the heads of Transformers, as a value that the engine runs.
import { padded } from "../kernels/kernel.js";
import type { DebertaV2Config } from "./deberta/config.js";
import { debertaGraph, logitsGraph } from "./deberta/deberta.js";
import type { HeadSpec } from "./deberta/heads.js";
import { slotTable } from "./deberta/relative-position.js";
import type { CheckedInputs } from "./inputs/types.js";
import type { EmbeddingTables } from "./load/embeddings.js";
import type { TableShapes } from "./load/tables.js";
import { type EngineLimits, encoderRequest, type Network, plainSample, type RunJob } from "./run/network.js";
import { positionInputs } from "./run/run-inputs.js";
import type { AskedRow, Sequence } from "./run/sequences.js";

/** A network whose head is one of Transformers'. */
export interface HeadNetwork extends Network {
  readonly head: HeadSpec;
}

export function headNetwork(config: DebertaV2Config, head: HeadSpec): HeadNetwork {
  const { reach } = slotTable(config);
  const decodes = head.kind === "maskedLm" && head.maskDecoder;
  return {
    config,
    head,
    tables: hostTables(config, decodes),
    keepsFirst: head.kind === "pooled",
    sample: plainSample,
    askedRows: (inputs, sequences) =>
      head.kind === "pooled"
        ? sequences.map((_, sequence) => ({ sequence, column: 0 }))
        : askedLogits(inputs, sequences),
    job(run) {
      const { shape } = run.packed;
      const rows = (shape.asked ?? shape.all).rows;
      const statesOnly = head.kind === "maskedLm" && 4 * rows * padded(head.lm.vocabulary, 4) > run.limits.logitBytes;
      return {
        key: statesOnly ? "states" : "",
        build: () => debertaGraph(config, head, { ...encoderRequest(run), reach, statesOnly }),
        ...(decodes ? { data: (tables: EmbeddingTables) => positionInputs(config, run, tables) } : {}),
      };
    },
    async finish(outputs, run, limits) {
      const states = outputs.get("states");
      if (states && head.kind === "maskedLm") outputs.set("logits", await logitsOf(config, head, states, run, limits));
    },
  };
}

/** The tables that stay on the host, and the shape each must have. */
function hostTables(config: DebertaV2Config, decodes: boolean): TableShapes {
  const { vocabSize, embeddingSize: E, hiddenSize: D, maxPositionEmbeddings, typeVocabSize } = config;
  const prefix = "deberta.embeddings";
  const tables = new Map<keyof EmbeddingTables, readonly [string, number[]]>([
    ["words", [`${prefix}.word_embeddings.weight`, [vocabSize, E]]],
  ]);
  if (config.positionBiasedInput || decodes)
    tables.set("positions", [`${prefix}.position_embeddings.weight`, [maxPositionEmbeddings, decodes ? D : E]]);
  if (typeVocabSize > 0) tables.set("types", [`${prefix}.token_type_embeddings.weight`, [typeVocabSize, E]]);
  return tables;
}

/** Those pairs of `logitsAt` whose columns are packed. */
function askedLogits({ logitsAt }: CheckedInputs, sequences: readonly Sequence[]): AskedRow[] | undefined {
  return logitsAt?.flatMap(([source, column]) => {
    const index = sequences.findIndex((sequence) => sequence.source === source);
    const sequence = sequences[index];
    const kept = sequence ? column - sequence.from : -1;
    return sequence && kept >= 0 && kept < sequence.length ? [{ sequence: index, column: kept }] : [];
  });
}

/** Logits over the vocabulary for more rows than one run may give back. */
async function logitsOf(
  config: DebertaV2Config,
  head: HeadSpec & { readonly kind: "maskedLm" },
  states: Float32Array,
  run: RunJob,
  { logitBytes }: EngineLimits,
): Promise<Float32Array> {
  const width = padded(head.lm.width, 4);
  const columns = padded(head.lm.vocabulary, 4);
  const rows = states.length / width;
  const perRun = Math.max(16, Math.floor(logitBytes / (4 * columns)));
  const logits = new Float32Array(rows * columns);
  for (let from = 0; from < rows; from += perRun) {
    const count = Math.min(perRun, rows - from);
    const job = { key: `logits ${count}`, build: () => logitsGraph(config, head, count) };
    const result = await run(job, { states: states.subarray(from * width, (from + count) * width) });
    logits.set(result.get("logits")!, from * columns);
  }
  return logits;
}
