// Long inputs and ragged batches: the gather form against the tile form and against float64, packed batches against each text
// alone, and requests too large for one run against the same request in one.
import { describe, expect, test } from "vitest";
import { DebertaV2ForMaskedLM, DebertaV2Model, type Tensor } from "../../src/index.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import type { Engine } from "../../src/model/run/engine.js";
import { ReferenceModel } from "../reference/deberta.js";
import { filesOf, folderOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { generator, randomInteger } from "../support/random.js";

const device = await sharedDevice();
const FIELDS = {
  ...MINIATURE,
  hidden_size: 8,
  num_attention_heads: 2,
  intermediate_size: 16,
  position_buckets: 32,
  max_position_embeddings: 512,
};

const text = (length: number, seed: number): number[] => {
  const next = generator(seed);
  return Array.from({ length }, () => randomInteger(next, 0, 49));
};
const engineOf = (model: object): Engine => (model as { engine: Engine }).engine;
const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
};
const rowsOf = ({ data, shape: [, columns, width] }: Tensor, sequence: number, count: number): Float32Array =>
  data.subarray(sequence * columns! * width!, (sequence * columns! + count) * width!);

/** Rounding of f32 in sums over two thousand keys. */
const TOLERANCE = 2e-5;

const encoder = (use: (model: DebertaV2Model, reference: ReferenceModel) => Promise<void>, fields: object = FIELDS) =>
  checked(device, async () => {
    const made = makeCheckpoint(fields, "none");
    const model = await DebertaV2Model.fromPretrained(folderOf(filesOf(made)), { device: device.gpu });
    try {
      await use(model, new ReferenceModel(new DebertaV2Config(made.json), made.tensors));
    } finally {
      await model.dispose();
    }
  });

describe("long inputs", () => {
  test.each([
    ["shared projections", __LONG__ ? 2100 : 900, FIELDS],
    [
      "c2p only, raw distances",
      900,
      { ...FIELDS, pos_att_type: "c2p", position_buckets: -1, max_position_embeddings: 64 },
    ],
    [
      "p2c only, own projections, conv layer",
      900,
      { ...FIELDS, pos_att_type: "p2c", share_att_key: false, conv_kernel_size: 3 },
    ],
  ])("gather form, tile form and float64: %s, %i tokens", (_, length, fields) =>
    encoder(async (model, reference) => {
      const ids = text(length, 1);
      const gather = (await model.forward({ inputIds: [ids] })).lastHiddenState.data;
      expect(model.describe()).toContain("relativeProducts");
      engineOf(model).limits.gatherFrom = Infinity;
      const tile = (await model.forward({ inputIds: [ids] })).lastHiddenState.data;
      expect(model.describe()).not.toContain("relativeProducts");
      const truth = reference.states({ ids }).hiddenStates.at(-1)!;
      const flat = Float64Array.from(truth.flatMap((values) => [...values]));
      expect(largestDifference(gather, flat)).toBeLessThan(TOLERANCE);
      expect(largestDifference(tile, flat)).toBeLessThan(TOLERANCE);
    }, fields),
  );
});

test.each([Infinity, 512, 16])(
  "texts of very unequal lengths give what each gives alone (gather form from %d)",
  (from) =>
    encoder(async (model) => {
      engineOf(model).limits.gatherFrom = from;
      const inputIds = [1, 2, 700, 33, 128, 5, 64, 257].map(text);
      const { lastHiddenState: packed } = await model.forward({ inputIds });
      for (const [index, ids] of inputIds.entries()) {
        const alone = await model.forward({ inputIds: [ids] });
        const error = largestDifference(rowsOf(packed, index, ids.length), alone.lastHiddenState.data);
        expect(error, `${ids.length} tokens`).toBeLessThan(TOLERANCE);
      }
    }),
);

test("a batch of more rows than one run takes is cut between its texts", () =>
  encoder(async (model) => {
    const inputIds = [70, 1, 40, 99, 12, 80, 3].map(text);
    const request = { inputIds, outputHiddenStates: true, outputAttentions: true };
    const whole = await model.forward(request);
    engineOf(model).limits.mostRows = 128;
    const parts = await model.forward(request);
    const all = ({ hiddenStates, attentions, lastHiddenState }: typeof whole) => [
      ...[lastHiddenState, ...hiddenStates!, ...attentions!],
    ];
    all(parts).forEach((tensor, i) => {
      expect(tensor.shape).toEqual(all(whole)[i]!.shape);
      expect(largestDifference(tensor.data, all(whole)[i]!.data)).toBeLessThan(TOLERANCE);
    });
  }));

test("10 000 tokens in one call", () =>
  encoder(async (model) => {
    const inputIds = Array.from({ length: 20 }, (_, i) => text(500, i));
    const { lastHiddenState: last } = await model.forward({ inputIds });
    const alone = await model.forward({ inputIds: [inputIds[19]!] });
    expect(largestDifference(rowsOf(last, 19, 500), alone.lastHiddenState.data)).toBeLessThan(TOLERANCE);
  }));

test("logits over the vocabulary in pieces are those of one run", () =>
  checked(device, async () => {
    const source = folderOf(filesOf(makeCheckpoint(FIELDS, "lm")));
    const model = await DebertaV2ForMaskedLM.fromPretrained(source, { device: device.gpu });
    const inputIds = [text(45, 1), text(20, 2)];
    const whole = (await model.forward({ inputIds })).logits;
    engineOf(model).limits.logitBytes = 16 * 4 * 52;
    const pieces = (await model.forward({ inputIds })).logits;
    expect(pieces.shape).toEqual(whole.shape);
    expect(largestDifference(pieces.data, whole.data)).toBeLessThan(1e-6);
    const asked = await model.forward({ inputIds, logitsAt: inputIds[0]!.map((_, i) => [0, i] as const) });
    expect(largestDifference(asked.logits.data, whole.data.subarray(0, 45 * 50))).toBeLessThan(1e-5);
    await model.dispose();
  }));
