// The float64 model of the tests against Transformers' own float64 numbers: what everything random is compared with is itself right.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { goldenCases, SHARED, type GoldenBatch, type GoldenCase } from "../support/golden-node.js";
import { parseSafetensors } from "../support/safetensors.js";
import { ReferenceModel, type ReferenceInput, type ReferenceStates } from "./deberta.js";

/** F32 in one file, under Transformers' names. */
const CASES = [
  ...["absolute-only", "act-gelu-fast", "act-linear", "act-mish", "buckets-and-range", "c2p-only", "choices"],
  ...["clamped-range", "conv5-groups", "emd", "large-eps", "mask-3d", "mask-3d-conv", "no-position-attention"],
  ...["p2c-only", "pad-id", "unshared-mlm", "v3-mini"],
];
/** Longer ones cost seconds and show nothing else. */
const LONGEST = 130;
/** gelu_fast's constant has ten digits in Transformers. */
const TOLERANCE = 1e-10;

type Compared = GoldenBatch & { readonly compare: number[][]; readonly rows?: readonly number[] };

function inputOf(batch: Compared, sequence: number): ReferenceInput {
  const { input_ids: ids, attention_mask: masks, token_type_ids: types } = batch;
  const isDeep = (rows: unknown): rows is number[][][] => Array.isArray((rows as unknown[][] | undefined)?.[0]?.[0]);
  const hasChoices = isDeep(ids);
  const rowOf = (rows: unknown): number[] =>
    (hasChoices ? (rows as number[][][]).flat() : (rows as number[][]))[sequence]!;
  const pairs = !hasChoices && isDeep(masks) ? masks[sequence]! : undefined;
  return {
    ids: rowOf(ids),
    ...(pairs ? { pairMask: pairs } : {}),
    ...(masks && !pairs ? { mask: rowOf(masks) } : {}),
    ...(types ? { types: rowOf(types) } : {}),
    ...(batch.position_ids ? { positions: batch.position_ids[sequence] ?? batch.position_ids[0]! } : {}),
  };
}

function resultOf(golden: GoldenCase, model: ReferenceModel, states: ReferenceStates, input: ReferenceInput) {
  switch (golden.architecture) {
    case "DebertaV2ForMaskedLM":
      return { logits: model.maskedLmLogits(states, input, golden.name === "emd") };
    case "DebertaV2ForTokenClassification":
      return { logits: model.rowLogits(states, "classifier") };
    case "DebertaV2ForQuestionAnswering":
      return {};
    case "DebertaV2Model":
      return {};
    default:
      return { pooled: model.pooledLogits(states) };
  }
}

describe.skipIf(!SHARED)("float64 model (needs the shared folder)", () => {
  test.each(goldenCases().filter(({ name }) => CASES.includes(name)))("$name", (golden) => {
    const folder = `${SHARED!}/golden/models/${golden.name}`;
    const read = (name: string) => parseSafetensors(new Uint8Array(readFileSync(`${folder}/${name}.safetensors`)));
    const truth = read("truth64");
    const config = new DebertaV2Config(golden.config);
    const model = new ReferenceModel(config, read("model"));
    const last = `hidden_states.${config.numHiddenLayers}`;
    let compared = 0;
    for (const batch of golden.batches as Compared[]) {
      if (!batch.input_ids || batch.compare[0]!.length > LONGEST) continue;
      const columns = batch.compare[0]!.length;
      batch.compare.forEach((counts, sequence) => {
        const input = inputOf(batch, sequence);
        const states = model.states(input);
        const { logits, pooled } = resultOf(golden, model, states, input) as {
          logits?: Float64Array[];
          pooled?: Float64Array;
        };
        const compare = (what: string, values: Float64Array[] | undefined) => {
          const rowsOnly = truth.get(`${batch.name}/${what}@rows`);
          const wanted = truth.get(`${batch.name}/${what}`) ?? rowsOnly;
          if (!wanted || !values) return;
          const stored = rowsOnly ? batch.rows! : values.map((_, i) => i);
          const width = values[0]!.length;
          stored.forEach((column, index) => {
            if (values.length > 1 && counts[column] !== 1) return;
            const at = (sequence * stored.length + index) * width;
            const errors = values[column]!.map((value, i) => Math.abs(value - wanted.data[at + i]!));
            compared++;
            expect(Math.max(...errors), `${batch.name} ${what} [${sequence}, ${column}]`).toBeLessThan(TOLERANCE);
          });
        };
        expect(input.ids).toHaveLength(columns);
        compare(last, states.hiddenStates.at(-1));
        compare("logits", pooled && counts.includes(1) ? [pooled] : logits);
      });
    }
    expect(compared).toBeGreaterThan(0);
  });
});
