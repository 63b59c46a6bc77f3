import { describe, expect, test } from "vitest";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { checkInputs } from "../../src/model/inputs/check-inputs.js";
import type { Head, ModelInputs } from "../../src/model/inputs/types.js";
import {
  maskedLmLoss,
  multipleChoiceLoss,
  questionAnsweringLoss,
  sequenceClassificationLoss,
  tokenClassificationLoss,
} from "../../src/model/losses.js";
import { goldenCases, readJson, SHARED } from "../support/golden-node.js";

/** Expected logits and loss of one golden batch, as kept in test/fixtures/model/losses.json. */
interface LossCase {
  name: string;
  architecture: string;
  config: Record<string, unknown>;
  tolerance: number;
  loss: number;
  shape: number[];
  logits?: number[];
  start_logits?: number[];
  end_logits?: number[];
  labels?: number[] | number[][];
  start_positions?: number[];
  end_positions?: number[];
}

const HEADS: Readonly<Record<string, Head>> = {
  DebertaV2ForMaskedLM: "masked-lm",
  DebertaV2ForSequenceClassification: "sequence-classification",
  DebertaV2ForTokenClassification: "token-classification",
  DebertaV2ForQuestionAnswering: "question-answering",
  DebertaV2ForMultipleChoice: "multiple-choice",
};

function goldenLossCases(): LossCase[] {
  return goldenCases().flatMap(({ name, architecture, config, tolerance, batches, expected }) =>
    batches.flatMap((batch) => {
      const loss = expected.get(`${batch.name}/loss`)?.data[0];
      if (loss === undefined) return [];
      const tensor = (key: string): number[] => [...(expected.get(`${batch.name}/${key}`)?.data ?? [])];
      const shape = (expected.get(`${batch.name}/logits`) ?? expected.get(`${batch.name}/start_logits`))!.shape;
      const logits = {
        logits: tensor("logits"),
        start_logits: tensor("start_logits"),
        end_logits: tensor("end_logits"),
      };
      const { labels, start_positions, end_positions } = batch;
      const given = Object.entries({ labels, start_positions, end_positions }).filter(
        ([, value]) => value !== undefined,
      );
      return [
        {
          name: `${name} ${batch.name}`,
          architecture,
          config,
          tolerance: tolerance["loss"]!,
          loss,
          shape,
          ...logits,
          ...Object.fromEntries(given),
        },
      ];
    }),
  );
}

const fixtures = readJson(new URL("../fixtures/model/losses.json", import.meta.url)) as LossCase[];

/** The loss as the engine computes it: labels through checkInputs, then the formula of the head. */
function lossOf(one: LossCase): number {
  const head = HEADS[one.architecture]!;
  const config = new DebertaV2Config(one.config);
  const [batch, second] = [one.shape[0]!, one.shape[1]!];
  const isPerToken = head === "masked-lm" || head === "token-classification" || head === "question-answering";
  const row = Array.from({ length: isPerToken ? second : 1 }, () => 0);
  const ids = Array.from({ length: batch }, () => row);
  const inputs: ModelInputs = {
    inputIds: head === "multiple-choice" ? ids.map(() => Array.from({ length: second }, () => row)) : ids,
    labels: one.labels,
    startPositions: one.start_positions,
    endPositions: one.end_positions,
  };
  const checked = checkInputs(inputs, config, { head, vocabRows: one.shape[2] ?? 1 });
  const logits = Float32Array.from(one.logits ?? []);
  switch (head) {
    case "masked-lm":
      return maskedLmLoss(logits, checked.labels!);
    case "token-classification":
      return tokenClassificationLoss(logits, checked.labels!);
    case "multiple-choice":
      return multipleChoiceLoss(logits, checked.labels!);
    case "question-answering": {
      const [start, end] = [Float32Array.from(one.start_logits!), Float32Array.from(one.end_logits!)];
      return questionAnsweringLoss(start, end, checked.rows, checked.startPositions!, checked.endPositions!);
    }
    default:
      return sequenceClassificationLoss(logits, config, checked.labels!);
  }
}

test.each(fixtures)("$name: Transformers' logits give Transformers' loss", (one) => {
  expect(Math.abs(lossOf(one) - one.loss)).toBeLessThan(1e-6);
});

test.skipIf(!SHARED)("every golden batch with a loss, within 1e-6 (needs the shared data)", () => {
  const cases = goldenLossCases();
  expect(cases.length).toBeGreaterThan(25);
  const errors = cases.map((one) => ({ name: one.name, error: Math.abs(lossOf(one) - one.loss) / (1 + one.loss) }));
  expect(errors.filter(({ error }) => !(error < 1e-6))).toEqual([]);
});

describe("the odd cases", () => {
  const labels = (...data: number[]): { data: Float64Array; shape: number[] } => ({
    data: Float64Array.from(data),
    shape: [data.length],
  });
  const logits = Float32Array.of(1, 2, 3, 0, 0, 0);
  const first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 1;
  const nothing = { problemType: null, numLabels: 3 } as const;
  const single = { problemType: "single_label_classification", numLabels: 3 } as const;

  test("masked LM: ignored rows do not count; nothing but ignored rows is NaN", () => {
    expect(maskedLmLoss(logits, labels(0, -100))).toBeCloseTo(first, 12);
    expect(maskedLmLoss(logits, labels(0, 2))).toBeCloseTo((first + Math.log(3)) / 2, 12);
    expect(maskedLmLoss(logits, labels(-100, -100))).toBeNaN();
  });

  test("sequence classification without a type skips every negative label, and nothing left costs 0", () => {
    expect(sequenceClassificationLoss(logits, nothing, labels(0, -1))).toBeCloseTo(first, 12);
    expect(sequenceClassificationLoss(logits, nothing, labels(-0.5, 1.7))).toBeCloseTo(Math.log(3), 12);
    expect(sequenceClassificationLoss(logits, nothing, labels(-100, -7))).toBe(0);
  });

  test("single label: only -100 is skipped, and nothing left is NaN; one class costs 0", () => {
    expect(sequenceClassificationLoss(logits, single, labels(0, -100))).toBeCloseTo(first, 12);
    expect(sequenceClassificationLoss(logits, single, labels(-100, -100))).toBeNaN();
    expect(sequenceClassificationLoss(Float32Array.of(5), { ...single, numLabels: 1 }, labels(0))).toBe(0);
  });

  test("soft targets need not sum to one", () => {
    const targets = { data: Float64Array.of(2, 0, 0, 0, 0, 1), shape: [2, 3] };
    expect(sequenceClassificationLoss(logits, nothing, targets)).toBeCloseTo((2 * first + Math.log(3)) / 2, 12);
  });

  test("regression: one row of targets serves all rows", () => {
    const regression = { problemType: "regression", numLabels: 3 } as const;
    expect(sequenceClassificationLoss(logits, regression, labels(1, 1, 1))).toBeCloseTo((0 + 1 + 4 + 3) / 6, 12);
  });

  test("multi label: large logits stay finite", () => {
    const multi = { problemType: "multi_label_classification", numLabels: 2 } as const;
    const loss = sequenceClassificationLoss(Float32Array.of(1000, -1000), multi, {
      data: Float64Array.of(0, 1),
      shape: [1, 2],
    });
    expect(loss).toBe(1000);
  });

  test("large logits do not overflow the softmax", () => {
    expect(maskedLmLoss(Float32Array.of(1e4, 0, -1e4), labels(1))).toBe(1e4);
  });

  test("question answering: before the first column counts as 0, behind the last is skipped, all skipped is NaN", () => {
    const rows = [
      { first: 0, end: 3 },
      { first: 0, end: 3 },
    ];
    const loss = (start: number[], end: number[]): number => questionAnsweringLoss(logits, logits, rows, start, end);
    expect(loss([-5, 3], [0, 99])).toBeCloseTo(first, 12);
    expect(loss([0, 0], [0, 1])).toBeCloseTo((first + Math.log(3)) / 2, 12);
    expect(loss([3, 3], [0, 0])).toBeNaN();
  });

  test("question answering: the softmax covers only the columns that a row has", () => {
    const rows = [
      { first: 0, end: 2 },
      { first: 1, end: 3 },
    ];
    const pair = Math.log(1 + Math.exp(1));
    expect(questionAnsweringLoss(logits, logits, rows, [0, 0], [0, 0])).toBeCloseTo(pair, 12);
    expect(questionAnsweringLoss(logits, logits, rows, [0, 2], [0, 2])).toBeCloseTo((pair + Math.log(2)) / 2, 12);
  });
});
