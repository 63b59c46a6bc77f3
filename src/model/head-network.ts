// The encoder with one of the heads of Transformers, as a value that the engine runs.
import { padded } from "../kernels/kernel.js";
import { allocate } from "../runtime/readback.js";
import type { DebertaV2Config } from "./deberta/config.js";
import { debertaGraph, logitsGraph } from "./deberta/deberta.js";
import type { HeadSpec } from "./deberta/heads.js";
import { slotTable } from "./deberta/relative-position.js";
import { checkInputs, type InputLimits } from "./inputs/check-inputs.js";
import type { CheckedInputs, ModelInputs } from "./inputs/types.js";
import type { EmbeddingTables } from "./load/embeddings.js";
import { tableShapes } from "./load/table-shapes.js";
import { encoderRequest, type Job, type Network, plainSample, type RunJob } from "./run/network.js";
import { positionInputs } from "./run/run-inputs.js";
import type { AskedRow, Sequence } from "./run/sequences.js";

/** A network whose head is one of Transformers'. */
export interface HeadNetwork extends Network {
  readonly head: HeadSpec;
  /** Checks a request: see `checkInputs`. */
  check(inputs: ModelInputs, limits: InputLimits): CheckedInputs;
}

export function headNetwork(config: DebertaV2Config, head: HeadSpec): HeadNetwork {
  const { reach } = slotTable(config);
  const decodes = head.kind === "maskedLm" && head.maskDecoder;
  return {
    config,
    head,
    check: (inputs, limits) => checkInputs(inputs, config, limits),
    tables: tableShapes(config, decodes),
    keepsFirst: head.kind === "pooled",
    sample: plainSample,
    askedRows: (inputs, sequences) =>
      head.kind === "pooled"
        ? sequences.map((_, sequence) => ({ sequence, column: 0 }))
        : askedLogits(inputs, sequences),
    job(run) {
      const build = (statesOnly: boolean) => () =>
        debertaGraph(config, head, { ...encoderRequest(run), reach, statesOnly });
      const data = decodes ? { data: (tables: EmbeddingTables) => positionInputs(config, run, tables) } : {};
      const { asked, all } = run.packed.shape;
      const { logitBytes } = run.limits;
      const rows = (asked ?? all).rows;
      if (head.kind !== "maskedLm" || 4 * rows * padded(head.lm.vocabulary, 4) <= logitBytes)
        return { key: "", build: build(false), ...data };
      const finish: Job["finish"] = async (outputs, runJob) => {
        outputs.set("logits", await logitsOf(config, head, outputs.get("states")!, runJob, logitBytes));
      };
      return { key: "states", build: build(true), ...data, finish };
    },
  };
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

/** Logits over the vocabulary for more rows than one run may give back: by runs of one size, so that they share a plan. */
async function logitsOf(
  config: DebertaV2Config,
  head: HeadSpec & { readonly kind: "maskedLm" },
  states: Float32Array,
  run: RunJob,
  logitBytes: number,
): Promise<Float32Array> {
  const width = padded(head.lm.width, 4);
  const columns = padded(head.lm.vocabulary, 4);
  const rows = states.length / width;
  const perRun = Math.max(16, Math.floor(logitBytes / (4 * columns)));
  const logits = allocate("logits", 4 * rows * columns);
  for (let from = 0; from < rows; from += perRun) {
    const count = Math.min(perRun, rows - from); // rows after these compute something that nobody reads
    const job = { key: `logits ${perRun}`, build: () => logitsGraph(config, head, perRun) };
    const result = await run(job, { states: states.subarray(from * width, (from + count) * width) });
    logits.set(result.get("logits")!.subarray(0, count * columns), from * columns);
  }
  return logits;
}
