// Every input and option of `forward`, on loaded models: what is given in other forms gives the same, what is left out has
// its default, shapes are Transformers', and values are those of the float64 model.
import { beforeAll, describe, expect, test } from "vitest";
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2Model,
  type ModelInputs,
  type Tensor,
} from "../../src/index.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { ReferenceModel } from "../reference/deberta.js";
import { filesOf, folderOf, makeCheckpoint, type MadeHead, MINIATURE } from "../support/checkpoint.js";
import { sharedDevice } from "../support/gpu.js";

const { gpu: device } = await sharedDevice();

const FIELDS = { ...MINIATURE, type_vocab_size: 3, position_biased_input: true, num_labels: 3 };
const ROWS = [
  [1, 7, 9, 30, 2],
  [1, 5, 2],
  [1, 8, 8, 40, 41, 42, 43, 2],
];

/** Rounding of f32 through two small layers, for values near 1. */
const TOLERANCE = 2e-5;

const made = (head: MadeHead, fields: object = FIELDS) => {
  const checkpoint = makeCheckpoint(fields, head);
  const config = new DebertaV2Config(checkpoint.json);
  return { folder: folderOf(filesOf(checkpoint)), reference: new ReferenceModel(config, checkpoint.tensors) };
};
const row = (tensor: Tensor, ...index: number[]): Float32Array => {
  const size = tensor.shape.slice(index.length).reduce((product, dimension) => product * dimension, 1);
  const at = index.reduce((flat, i, axis) => flat * tensor.shape[axis]! + i, 0);
  return tensor.data.subarray(at * size, (at + 1) * size);
};
const expectClose = (actual: ArrayLike<number>, wanted: ArrayLike<number>, what = "") => {
  expect(actual.length, what).toBe(wanted.length);
  const errors = Array.from(actual, (value, i) => Math.abs(value - wanted[i]!));
  expect(Math.max(...errors), what).toBeLessThan(TOLERANCE);
};
const bits = (tensor: Tensor): { shape: number[]; data: number[] } => ({ ...tensor, data: [...tensor.data] });

describe("the encoder", () => {
  let model: DebertaV2Model;
  let reference: ReferenceModel;
  beforeAll(async () => {
    const { folder, reference: made64 } = made("none");
    [model, reference] = [await DebertaV2Model.fromPretrained(folder, { device }), made64];
    return () => model.dispose();
  });

  test("ragged rows without a mask: every given id is real, shorter rows end in zeros", async () => {
    const { lastHiddenState: last } = await model.forward({ inputIds: ROWS });
    expect(last.shape).toEqual([3, 8, 24]);
    ROWS.forEach((ids, b) => {
      const { hiddenStates } = reference.states({ ids });
      ids.forEach((_, i) => expectClose(row(last, b, i), hiddenStates.at(-1)![i]!, `[${b}, ${i}]`));
    });
    expect(row(last, 1, 5).every((value) => value === 0)).toBe(true);
  });

  test("typed arrays, bigints and flat data with a shape give the same bits, and stay as they were", async () => {
    const ids = [ROWS[0]!, [...ROWS[1]!, 0, 0]];
    const wanted = bits((await model.forward({ inputIds: ids })).lastHiddenState);
    const flat = Int32Array.from(ids.flat());
    const same: ModelInputs["inputIds"][] = [
      ids.map((r) => Int32Array.from(r)),
      ids.map((r) => BigInt64Array.from(r.map(BigInt))),
      ids.map((r) => Uint16Array.from(r)),
      { data: flat, shape: [2, 5] },
      { data: ids.flat(), shape: [2, 5] },
      Object.assign(Int32Array.from(flat), { shape: [2, 5] }) as never,
    ];
    for (const inputIds of same) expect(bits((await model.forward({ inputIds })).lastHiddenState)).toEqual(wanted);
    expect([...flat]).toEqual(ids.flat());
  });

  test("a mask of ones is no mask; one of booleans is one of numbers", async () => {
    const inputIds = [ROWS[0]!, [...ROWS[1]!, 0, 0]];
    const none = await model.forward({ inputIds });
    const ones = await model.forward({ inputIds, attentionMask: inputIds.map((r) => r.map(() => 1)) });
    expect(bits(ones.lastHiddenState)).toEqual(bits(none.lastHiddenState));
    const masks = [
      [1, 1, 1, 1, 1],
      [1, 1, 1, 0, 0],
    ];
    const numbers = await model.forward({ inputIds, attentionMask: masks });
    const booleans = await model.forward({
      inputIds,
      attentionMask: masks.map((r) => r.map((m) => m === 1)),
    });
    expect(bits(booleans.lastHiddenState)).toEqual(bits(numbers.lastHiddenState));
    const alone = await model.forward({ inputIds: [ROWS[1]!] });
    expectClose(row(numbers.lastHiddenState, 1).subarray(0, 3 * 24), alone.lastHiddenState.data);
  });

  test("masks: padding at either end, holes, pairs, nothing at all", async () => {
    const ids = [1, 7, 9, 30, 11, 2];
    const masks = [
      [1, 1, 1, 1, 0, 0],
      [0, 0, 1, 1, 1, 1],
      [1, 0, 1, 1, 0, 1],
      [0, 0, 0, 0, 0, 0],
    ];
    const { lastHiddenState: last } = await model.forward({ inputIds: masks.map(() => ids), attentionMask: masks });
    masks.slice(0, 3).forEach((mask, b) => {
      const { hiddenStates } = reference.states({ ids, mask });
      mask.forEach((real, i) => {
        if (real) expectClose(row(last, b, i), hiddenStates.at(-1)![i]!, `mask ${b}, column ${i}`);
      });
    });
    expect(last.data.every(Number.isFinite)).toBe(true);
    const pairMask = ids.map((_, i) => ids.map((__, j) => (j <= i ? 1 : 0)));
    const causal = await model.forward({ inputIds: [ids], attentionMask: [pairMask] });
    const { hiddenStates } = reference.states({ ids, pairMask });
    ids.forEach((_, i) => expectClose(row(causal.lastHiddenState, 0, i), hiddenStates.at(-1)![i]!, `causal ${i}`));
  });

  test("positions [1, N] count for every sequence, [B, N] for each its own", async () => {
    const inputIds = [ROWS[0]!, ROWS[0]!.toReversed()];
    const positions = [9, 3, 3, 0, 63];
    const shared = await model.forward({ inputIds, positionIds: [positions] });
    const own = await model.forward({ inputIds, positionIds: [positions, positions] });
    expect(bits(own.lastHiddenState)).toEqual(bits(shared.lastHiddenState));
    const { hiddenStates } = reference.states({ ids: inputIds[1]!, positions });
    hiddenStates.at(-1)!.forEach((wanted, i) => expectClose(row(shared.lastHiddenState, 1, i), wanted));
  });

  test("token types", async () => {
    const types = [0, 1, 1, 2, 2];
    const { lastHiddenState: last } = await model.forward({ inputIds: [ROWS[0]!], tokenTypeIds: [types] });
    const { hiddenStates } = reference.states({ ids: ROWS[0]!, types });
    hiddenStates.at(-1)!.forEach((wanted, i) => expectClose(row(last, 0, i), wanted));
  });

  test("embeddings in place of ids give what their ids give", async () => {
    const { tensors } = makeCheckpoint(FIELDS, "none");
    const table = tensors.get("deberta.embeddings.word_embeddings.weight")!.data;
    const data = Float32Array.from(ROWS[0]!.flatMap((id) => [...table.subarray(24 * id, 24 * (id + 1))]));
    const ids = await model.forward({ inputIds: [ROWS[0]!] });
    const embeds = await model.forward({ inputsEmbeds: { data, shape: [1, 5, 24] } });
    expect(bits(embeds.lastHiddenState)).toEqual(bits(ids.lastHiddenState));
  });

  test("hidden states and attentions: L + 1 of [B, N, D], L of [B, H, N, N] whose rows add up to one", async () => {
    const output = await model.forward({ inputIds: ROWS, outputHiddenStates: true, outputAttentions: true });
    expect(output.hiddenStates!.map(({ shape }) => shape)).toEqual([0, 1, 2].map(() => [3, 8, 24]));
    expect(output.attentions!.map(({ shape }) => shape)).toEqual([0, 1].map(() => [3, 3, 8, 8]));
    ROWS.forEach((ids, b) => {
      const states = reference.states({ ids });
      states.hiddenStates.forEach((wanted, layer) =>
        wanted.forEach((values, i) => expectClose(row(output.hiddenStates![layer]!, b, i), values)),
      );
      states.attentions.forEach((wanted, layer) =>
        wanted.forEach((rows, h) =>
          rows.forEach((values, i) => {
            const got = row(output.attentions![layer]!, b, h, i);
            expectClose(got.subarray(0, ids.length), values);
            expect(got.subarray(ids.length).every((value) => value === 0)).toBe(true);
          }),
        ),
      );
    });
    expect(bits(output.hiddenStates![2]!)).toEqual(bits(output.lastHiddenState));
    expect("hiddenStates" in (await model.forward({ inputIds: ROWS }))).toBe(false);
  });

  const wrong: [string, ModelInputs, ErrorConstructor, RegExp][] = [
    ["an id past the vocabulary", { inputIds: [[1, 50]] }, RangeError, /inputIds\[0\]\[1\] = 50/],
    ["a negative id", { inputIds: [[1, -1]] }, RangeError, /inputIds\[0\]\[1\] = -1/],
    ["half an id", { inputIds: [[1, 1.5]] }, RangeError, /1\.5/],
    ["no sequence", { inputIds: [] }, RangeError, /empty/],
    ["an empty sequence", { inputIds: [[1], []] }, RangeError, /inputIds\[1\]/],
    ["a type out of range", { inputIds: [[1]], tokenTypeIds: [[3]] }, RangeError, /tokenTypeIds\[0\]\[0\] = 3/],
    ["a position out of range", { inputIds: [[1]], positionIds: [[64]] }, RangeError, /positionIds\[0\]\[0\] = 64/],
    ["more tokens than positions", { inputIds: [Array<number>(65).fill(1)] }, RangeError, /65 tokens/],
    ["a mask of halves", { inputIds: [[1]], attentionMask: [[0.5]] }, RangeError, /attentionMask\[0\]\[0\] = 0\.5/],
    ["nothing", {}, TypeError, /inputIds/],
    ["a flat array", { inputIds: [1, 2] as never }, TypeError, /inputIds/],
    ["a text", { inputIds: "tokens" as never }, TypeError, /inputIds/],
    ["a mask of another length", { inputIds: [[1, 2]], attentionMask: [[1]] }, TypeError, /attentionMask\[0\]/],
    ["embeddings of another width", { inputsEmbeds: { data: new Float32Array(4), shape: [1, 1, 4] } }, TypeError, /24/],
    [
      "a NaN among embeddings",
      { inputsEmbeds: { data: new Float32Array(24).fill(NaN), shape: [1, 1, 24] } },
      RangeError,
      /NaN/,
    ],
    ["logits of a model without them", { inputIds: [[1]], logitsAt: [[0, 0]] }, TypeError, /logitsAt/],
  ];
  test.each(wrong)("%s is refused and leaves the model usable", async (_, inputs, kind, message) => {
    const refused = model.forward(inputs);
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toThrow(message);
    expect((await model.forward({ inputIds: [[1]] })).lastHiddenState.shape).toEqual([1, 1, 24]);
  });
});

test("sequence classification: [B, C], loss of labels, a label out of range refused", async () => {
  const { folder, reference } = made("pooled");
  const model = await DebertaV2ForSequenceClassification.fromPretrained(folder, { device });
  const { logits, loss } = await model.forward({ inputIds: ROWS, labels: [0, 2, 1] });
  expect(logits.shape).toEqual([3, 3]);
  ROWS.forEach((ids, b) => expectClose(row(logits, b), reference.pooledLogits(reference.states({ ids }))));
  expect(loss).toBeGreaterThan(0);
  await expect(model.forward({ inputIds: ROWS, labels: [0, 3, 1] })).rejects.toThrow(RangeError);
  const all = await model.forward({ inputIds: ROWS, outputHiddenStates: true });
  expectClose(all.logits.data, logits.data, "the plan with all rows");
  await model.dispose();
});

test("token classification and question answering: [B, N, C], [B, N] twice", async () => {
  const tokens = made("tokens");
  const tagger = await DebertaV2ForTokenClassification.fromPretrained(tokens.folder, { device });
  const labels = ROWS.map((ids) => ids.map((_, i) => (i === 0 ? -100 : i % 3)));
  const tagged = await tagger.forward({ inputIds: ROWS, labels });
  expect(tagged.logits.shape).toEqual([3, 8, 3]);
  expect(tagged.loss).toBeGreaterThan(0);
  ROWS.forEach((ids, b) =>
    tokens.reference
      .rowLogits(tokens.reference.states({ ids }), "classifier")
      .forEach((wanted, i) => expectClose(row(tagged.logits, b, i), wanted)),
  );
  await tagger.dispose();
  const spans = made("spans", { ...FIELDS, num_labels: 2 });
  const reader = await DebertaV2ForQuestionAnswering.fromPretrained(spans.folder, { device });
  const found = await reader.forward({ inputIds: ROWS, startPositions: [1, 0, 99], endPositions: [2, 1, 3] });
  expect([found.startLogits.shape, found.endLogits.shape]).toEqual([
    [3, 8],
    [3, 8],
  ]);
  expect(found.loss).toBeGreaterThan(0);
  ROWS.forEach((ids, b) => {
    const both = spans.reference.rowLogits(spans.reference.states({ ids }), "qa_outputs");
    expectClose(
      row(found.startLogits, b).subarray(0, ids.length),
      both.map(([start]) => start!),
    );
    expectClose(
      row(found.endLogits, b).subarray(0, ids.length),
      both.map(([, end]) => end!),
    );
  });
  await reader.dispose();
});

test("multiple choice: inputs [B, A, N], logits [B, A], hidden states [B · A, N, D]", async () => {
  const { folder, reference } = made("pooled", { ...FIELDS, num_labels: 1 });
  const model = await DebertaV2ForMultipleChoice.fromPretrained(folder, { device });
  const inputIds = [ROWS, ROWS.toReversed()];
  const output = await model.forward({ inputIds, labels: [0, 2], outputHiddenStates: true, outputAttentions: true });
  expect(output.logits.shape).toEqual([2, 3]);
  expect(output.hiddenStates![0]!.shape).toEqual([6, 8, 24]);
  expect(output.attentions![0]!.shape).toEqual([6, 3, 8, 8]);
  inputIds.flat().forEach((ids, choice) => {
    expectClose([output.logits.data[choice]!], reference.pooledLogits(reference.states({ ids })));
  });
  expect(output.loss).toBeGreaterThan(0);
  await expect(model.forward({ inputIds: [ROWS, ROWS.slice(1)] })).rejects.toThrow(TypeError);
  await model.dispose();
});

describe("masked language modelling", () => {
  test.each([
    ["legacy head", "lm", FIELDS, false],
    ["legacy head of its own table", "lm", { ...FIELDS, tie_word_embeddings: false }, false],
    ["enhanced mask decoder", "emd", MINIATURE, true],
  ] as const)("%s", async (_, head, fields, decoder) => {
    const { folder, reference } = made(head, fields);
    const model = await DebertaV2ForMaskedLM.fromPretrained(folder, { device });
    const { logits } = await model.forward({ inputIds: ROWS });
    expect(logits.shape).toEqual([3, 8, 50]);
    const wanted = ROWS.map((ids) => reference.maskedLmLogits(reference.states({ ids }), { ids }, decoder));
    ROWS.forEach((ids, b) => ids.forEach((__, i) => expectClose(row(logits, b, i), wanted[b]![i]!, `[${b}, ${i}]`)));

    const logitsAt = [
      [2, 7],
      [0, 1],
      [2, 7],
      [1, 0],
    ] as const;
    const some = await model.forward({ inputIds: ROWS, logitsAt, labels: ROWS });
    expect(some.logits.shape).toEqual([4, 50]);
    logitsAt.forEach(([b, i], at) => expectClose(row(some.logits, at), wanted[b]![i]!, `asked [${b}, ${i}]`));
    const losses = logitsAt.map(([b, i]) => {
      const values = wanted[b]![i]!;
      return Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0)) - values[ROWS[b]![i]!]!;
    });
    expectClose([some.loss!], [losses.reduce((sum, value) => sum + value) / 4], "loss of the asked rows");

    // Columns that the mask hides promise finite numbers; the others keep theirs.
    const attentionMask = ROWS.map((ids) => ids.map((__, i) => (i === ids.length - 1 ? 0 : 1)));
    const masked = await model.forward({ inputIds: ROWS, attentionMask, logitsAt });
    expect(masked.logits.data.every(Number.isFinite)).toBe(true);
    const input = { ids: ROWS[0]!, mask: attentionMask[0]! };
    expectClose(row(masked.logits, 1), reference.maskedLmLogits(reference.states(input), input, decoder)[1]!);
    await expect(model.forward({ inputIds: ROWS, logitsAt: [[1, 3]] })).rejects.toThrow(RangeError);
    await model.dispose();
  });

  test("positions of sequences that are masked throughout are finite; no positions at all are refused", async () => {
    const model = await DebertaV2ForMaskedLM.fromPretrained(made("lm").folder, { device });
    await expect(model.forward({ inputIds: ROWS, logitsAt: [] })).rejects.toThrow(TypeError);
    const attentionMask = ROWS.map((ids) => ids.map(() => 0));
    const { logits } = await model.forward({ inputIds: ROWS, attentionMask, logitsAt: [[0, 0]] });
    expect(logits.data.every(Number.isFinite)).toBe(true);
    await model.dispose();
  });

  test("the mask decoder may be switched off, which is Transformers' answer", async () => {
    const { folder, reference } = made("emd", MINIATURE);
    const model = await DebertaV2ForMaskedLM.fromPretrained(folder, { device, enhancedMaskDecoder: false });
    const { logits } = await model.forward({ inputIds: [ROWS[0]!] });
    const input = { ids: ROWS[0]! };
    reference
      .maskedLmLogits(reference.states(input), input, false)
      .forEach((wanted, i) => expectClose(row(logits, 0, i), wanted));
    await model.dispose();
  });
});
