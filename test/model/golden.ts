// One golden case of Transformers against the engine: every batch, hidden states, attentions, logits, loss, the plan with all rows
// and the short one. Knows neither Vitest nor where files come from, so that Chromium and Deno run the same cases.
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2Model,
  type DebertaV2PreTrainedModel,
  type ModelInputs,
  type Tensor,
} from "../../src/index.js";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { parseSafetensors, type StoredTensor } from "../support/safetensors.js";

/** An entry of golden/models/index.json. */
export interface GoldenCase {
  readonly name: string;
  readonly architecture: string;
  readonly files: string;
  readonly batches: readonly string[];
  readonly enhanced_mask_decoder: boolean;
  readonly tolerance32: Readonly<Record<"hidden" | "attention" | "logits" | "loss", number>>;
}

/**
 * How far weights in fewer bits may move a result: hidden states, logits and losses as a share of the wanted tensor's root mean square
 * (of losses, of 1 if that is more), probabilities as they are. Random weights: trained ones lose less (docs/smaller.md).
 */
export const BOUNDS = {
  f16: { hidden: 0.005, attention: 0.005, logits: 0.005, loss: 0.005 },
  q8: { hidden: 0.15, attention: 0.05, logits: 0.15, loss: 0.1 },
} as const;

/** Models made to overflow halves: scores of thousands, where one weight's rounding decides which token is looked at. */
export const EXTREME: readonly string[] = ["outliers", "overflow-prone"];
const EXTREME_FACTOR = 16;

/** The types of weights in which golden cases run. */
export type GoldenType = "f32" | keyof typeof BOUNDS;

/** The largest error of one kind of result, as a share of its tolerance. */
export interface GoldenResult {
  readonly batch: string;
  readonly what: string;
  readonly share: number;
  /** The largest error, as a share of the wanted tensor's root mean square. */
  readonly relative: number;
}

interface Batch {
  readonly name: string;
  readonly rows?: readonly number[];
  readonly compare: number[][];
  readonly [field: string]: unknown;
}

type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

const MODELS = {
  DebertaV2Model,
  DebertaV2ForMaskedLM,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForMultipleChoice,
};

export async function runGoldenCase(
  golden: GoldenCase,
  read: ReadFile,
  device?: GPUDevice,
  dtype: GoldenType = "f32",
): Promise<GoldenResult[]> {
  const folder = {
    open: async (name: string) => {
      const bytes = await read(`${golden.name}/${name}`);
      return bytes && bytesFromMemory(bytes);
    },
  };
  const text = async (name: string) => new TextDecoder().decode(await read(`${golden.name}/${name}`));
  const { batches } = JSON.parse(await text("inputs.json")) as { batches: Batch[] };
  const expected = parseSafetensors((await read(`${golden.name}/expected.safetensors`))!);
  const Model = MODELS[golden.architecture as keyof typeof MODELS] as unknown as typeof DebertaV2ForMaskedLM;
  const options = {
    dtype,
    enhancedMaskDecoder: golden.enhanced_mask_decoder,
    ...(device ? { device } : {}),
  } as const;
  const model = await Model.fromPretrained(folder, options);
  try {
    const results: GoldenResult[] = [];
    for (const batch of batches) results.push(...(await runBatch(model, toleranceOf(golden, dtype), batch, expected)));
    return results;
  } finally {
    await model.dispose();
  }
}

type Kind = keyof GoldenCase["tolerance32"];

/** The largest error that a result may have. */
type Tolerance = (kind: Kind, wanted: StoredTensor["data"]) => number;

function toleranceOf({ name, tolerance32 }: GoldenCase, dtype: GoldenType): Tolerance {
  if (dtype === "f32") return (kind) => tolerance32[kind];
  return (kind, wanted) => {
    const rms = rootMeanSquare(wanted);
    const magnitude = kind === "attention" ? 1 : kind === "loss" ? Math.max(1, rms) : rms;
    return BOUNDS[dtype][kind] * magnitude * (EXTREME.includes(name) ? EXTREME_FACTOR : 1);
  };
}

function rootMeanSquare(values: StoredTensor["data"]): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);
}

const FIELDS = {
  input_ids: "inputIds",
  attention_mask: "attentionMask",
  token_type_ids: "tokenTypeIds",
  position_ids: "positionIds",
  labels: "labels",
  start_positions: "startPositions",
  end_positions: "endPositions",
} as const;

function inputsOf(batch: Batch, expected: Map<string, StoredTensor>): ModelInputs {
  const inputs: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(FIELDS)) if (batch[field] !== undefined) inputs[name] = batch[field];
  if (typeof batch["inputs_embeds"] === "string") inputs["inputsEmbeds"] = expected.get(batch["inputs_embeds"]);
  return inputs;
}

async function runBatch(
  model: DebertaV2PreTrainedModel,
  tolerance: Tolerance,
  batch: Batch,
  expected: Map<string, StoredTensor>,
): Promise<GoldenResult[]> {
  const inputs = inputsOf(batch, expected);
  const full = (await model.forward({ ...inputs, outputHiddenStates: true, outputAttentions: true })) as Outputs;
  const short = (await model.forward(inputs)) as Outputs;
  const results: GoldenResult[] = [];
  const compare = (what: string, actual: Tensor | undefined, kind: Kind, rowAxis: number | undefined) => {
    const rowsOnly = expected.get(`${batch.name}/${what}@rows`);
    const wanted = expected.get(`${batch.name}/${what}`) ?? rowsOnly;
    if (!wanted) return;
    if (!actual) throw new Error(`${batch.name}: no ${what}`);
    const error = largestError(actual, wanted, rowsOnly ? batch.rows : undefined, rowAxis, batch.compare);
    const { data } = wanted;
    results.push({
      batch: batch.name,
      what,
      share: error / tolerance(kind, data),
      relative: error / rootMeanSquare(data),
    });
  };
  const layers = model.config.numHiddenLayers;
  for (let i = 0; i <= layers; i++) compare(`hidden_states.${i}`, full.hiddenStates?.[i], "hidden", 1);
  for (let i = 0; i < layers; i++) compare(`attentions.${i}`, full.attentions?.[i], "attention", 2);
  for (const [how, output] of [
    ["all rows", full],
    ["short", short],
  ] as const) {
    const axis =
      model instanceof DebertaV2ForSequenceClassification || model instanceof DebertaV2ForMultipleChoice
        ? undefined
        : 1;
    const at = results.length;
    compare("logits", output.logits, "logits", axis);
    compare("start_logits", output.startLogits, "logits", axis);
    compare("end_logits", output.endLogits, "logits", axis);
    if (output.lastHiddenState && how === "short") {
      const last = { ...output, hiddenStates: undefined };
      compare(`hidden_states.${layers}`, last.lastHiddenState, "hidden", 1);
    }
    const loss = expected.get(`${batch.name}/loss`);
    if (loss) {
      if (output.loss === undefined) throw new Error(`${batch.name}: no loss`);
      const bothNaN = Number.isNaN(output.loss) && Number.isNaN(loss.data[0]!);
      const error = bothNaN ? 0 : Math.abs(output.loss - loss.data[0]!);
      const relative = bothNaN ? 0 : error / Math.abs(loss.data[0]!);
      const share = bothNaN ? 0 : error / tolerance("loss", loss.data);
      results.push({ batch: batch.name, what: "loss", share, relative });
    }
    for (let i = at; i < results.length; i++) results[i] = { ...results[i]!, what: `${results[i]!.what} (${how})` };
  }
  for (const { data } of [...(full.hiddenStates ?? []), ...(full.attentions ?? []), full.logits].filter(
    (t) => t !== undefined,
  ))
    if (!data.every(Number.isFinite)) throw new Error(`${batch.name}: a value is not finite`);
  return results;
}

interface Outputs {
  readonly lastHiddenState?: Tensor;
  readonly logits?: Tensor;
  readonly startLogits?: Tensor;
  readonly endLogits?: Tensor;
  readonly loss?: number;
  readonly hiddenStates?: Tensor[];
  readonly attentions?: Tensor[];
}

/**
 * Largest difference over what counts: `compare` [B, N] excludes padding; `rows` are the rows of `rowAxis` that were stored.
 * Without a row axis a sequence counts when its first column does or it has any that does.
 */
function largestError(
  actual: Tensor,
  wanted: StoredTensor,
  rows: readonly number[] | undefined,
  rowAxis: number | undefined,
  compare: number[][],
): number {
  const [batch] = actual.shape as [number];
  const wantedRows = rows ?? Array.from({ length: rowAxis === undefined ? 1 : actual.shape[rowAxis]! }, (_, i) => i);
  const before = rowAxis === 2 ? actual.shape[1]! : 1; // heads
  const rowCount = rowAxis === undefined ? 1 : actual.shape[rowAxis]!;
  const width = actual.data.length / (batch * before * rowCount);
  if (wanted.data.length !== batch * before * wantedRows.length * width)
    throw new Error(`shape [${actual.shape.join(", ")}] for [${wanted.shape.join(", ")}]`);
  const perItem = compare.length / batch; // multiple choice: choices per row of logits
  let largest = 0;
  for (let b = 0; b < batch; b++) {
    const counts = compare.slice(b * perItem, (b + 1) * perItem);
    for (let h = 0; h < before; h++) {
      wantedRows.forEach((row, index) => {
        const included = rowAxis === undefined ? counts.every((c) => c.includes(1)) : counts[0]![row] === 1;
        if (!included) return;
        const at = ((b * before + h) * rowCount + row) * width;
        const from = ((b * before + h) * wantedRows.length + index) * width;
        for (let i = 0; i < width; i++) {
          const difference = Math.abs(actual.data[at + i]! - wanted.data[from + i]!);
          if (!(difference <= largest)) largest = difference;
        }
      });
    }
  }
  return largest;
}
