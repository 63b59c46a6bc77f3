import { describe, expect, test } from "vitest";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { checkInputs } from "../../src/model/inputs/check-inputs.js";
import type { CheckedInputs, Head, ModelInputs } from "../../src/model/inputs/types.js";
import { goldenCases, SHARED } from "../support/golden-node.js";
import { generator, randomInteger } from "../support/random.js";

const BASE = {
  model_type: "deberta-v2",
  vocab_size: 100,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  relative_attention: true,
  pos_att_type: "c2p",
  position_biased_input: false,
};
const plain = new DebertaV2Config(BASE);
const absolute = new DebertaV2Config({
  ...BASE,
  position_biased_input: true,
  max_position_embeddings: 6,
  type_vocab_size: 2,
});

interface Options {
  config?: DebertaV2Config;
  head?: Head;
  embeddingRowsOfPositions?: number;
}

function check(inputs: unknown, { config = plain, head = "model", ...rest }: Options = {}): CheckedInputs {
  return checkInputs(inputs as ModelInputs, config, { head, vocabRows: 100, ...rest });
}

function fails(inputs: unknown, kind: typeof RangeError | typeof TypeError, message: string, options?: Options): void {
  expect(() => check(inputs, options)).toThrow(kind);
  expect(() => check(inputs, options)).toThrow(message);
}

const IDS = [
  [5, 6, 7],
  [8, 9, 10],
];
const ragged = { inputIds: [[1, 2, 3, 4], [5], [6, 7]] };

describe("ids", () => {
  const expected = IDS.map((row) => ({ length: 3, first: 0, end: 3, ids: Int32Array.from(row) }));

  test.each<[string, unknown]>([
    ["plain arrays", IDS],
    ["Int32Array rows", IDS.map((row) => Int32Array.from(row))],
    ["BigInt64Array rows", IDS.map((row) => BigInt64Array.from(row.map(BigInt)))],
    ["Uint16Array rows", IDS.map((row) => Uint16Array.from(row))],
    ["rows of bigints", IDS.map((row) => row.map(BigInt))],
    ["flat data with a shape", { data: IDS.flat(), shape: [2, 3] }],
    ["a flat Int32Array with a shape", { data: Int32Array.from(IDS.flat()), shape: [2, 3] }],
    ["a flat BigInt64Array with a shape", { data: BigInt64Array.from(IDS.flat().map(BigInt)), shape: [2, 3] }],
    ["a typed array that carries its shape", Object.assign(Int32Array.from(IDS.flat()), { shape: [2, 3] })],
    ["rows with a shape each", IDS.map((row) => ({ data: Int32Array.from(row), shape: [3] }))],
  ])("%s give the same", (_, inputIds) => {
    expect(check({ inputIds })).toEqual({
      rows: expected,
      batch: 2,
      columns: 3,
      outputHiddenStates: false,
      outputAttentions: false,
    });
  });

  test("the caller's arrays are neither kept nor changed", () => {
    const row = Int32Array.of(1, 2, 3);
    const checked = check({ inputIds: [row], attentionMask: [Object.freeze([1, 1, 0])] });
    expect(checked.rows[0]!.ids).not.toBe(row);
    row.fill(0);
    expect([...checked.rows[0]!.ids!]).toEqual([1, 2, 3]);
  });

  test("rows may differ in length", () => {
    const { rows, columns, batch } = check(ragged);
    expect([rows.map((row) => row.length), columns, batch]).toEqual([[4, 1, 2], 4, 3]);
  });

  test.each<[unknown, typeof RangeError | typeof TypeError, string]>([
    [{ inputIds: [[1], [2], [0, 100]] }, RangeError, "inputIds[2][1] = 100: the vocabulary has 100 rows"],
    [{ inputIds: [[-1]] }, RangeError, "inputIds[0][0] = -1: the vocabulary has 100 rows"],
    [{ inputIds: [[1.5]] }, RangeError, "inputIds[0][0] = 1.5"],
    [{ inputIds: [[NaN]] }, RangeError, "inputIds[0][0] = NaN"],
    [{ inputIds: [[2n ** 63n - 1n]] }, RangeError, "inputIds[0][0] = 9223372036854775807"],
    [{ inputIds: [["7"]] }, TypeError, "inputIds[0][0]: a number is expected, a string was given"],
    [{ inputIds: [[1, undefined, 3]] }, TypeError, "inputIds[0][1]: a number is expected, undefined was given"],
    [{ inputIds: [[1, null]] }, TypeError, "inputIds[0][1]: a number is expected, null was given"],
    [{ inputIds: [] }, RangeError, "inputIds is empty"],
    [{ inputIds: [[1], []] }, RangeError, "inputIds[1] is empty"],
    [{ inputIds: [1, 2] }, TypeError, "inputIds: 2 dimensions are expected"],
    [{ inputIds: Int32Array.of(1, 2) }, TypeError, "inputIds: 2 dimensions are expected"],
    [{ inputIds: "text" }, TypeError, "inputIds: 2 dimensions are expected, a string was given"],
    [{ inputIds: null }, TypeError, "inputIds: 2 dimensions are expected, null was given"],
    [{ inputIds: [[1], 2] }, TypeError, "inputIds[1]: a row of numbers is expected, a number was given"],
    [{ inputIds: [[1], [[2]]] }, TypeError, "inputIds[1][0]: a number is expected, an array of 1 items was given"],
    [{ inputIds: { data: [1, 2, 3], shape: [2, 2] } }, TypeError, "inputIds has 3 values, its shape [2, 2] says 4"],
    [{ inputIds: { data: [1, 2], shape: [2] } }, TypeError, "inputIds: 2 dimensions are expected, not the shape [2]"],
    [{ inputIds: { shape: [1, 1] } }, TypeError, "inputIds.data"],
    [{ inputIds: { data: [], shape: [0, 4] } }, RangeError, "inputIds is empty"],
    [{ inputIds: { data: [], shape: [1e9, 0] } }, RangeError, "inputIds is empty"],
    [{ inputIds: { data: [1], shape: [-1, -1] } }, TypeError, "inputIds"],
    [{ inputIds: new DataView(new ArrayBuffer(4)) }, TypeError, "inputIds"],
    [{}, TypeError, "inputIds or inputsEmbeds is missing"],
    [{ inputIds: [[1]], inputsEmbeds: { data: new Float32Array(8), shape: [1, 1, 8] } }, TypeError, "one of the two"],
  ])("refuses what is no array of ids, no. %#", (inputs, kind, message) => {
    fails(inputs, kind, message);
  });
});

describe("attentionMask", () => {
  test("a mask of ones is no mask; a run of ones has its first column and its end", () => {
    const masks = [
      [1, 1, 1],
      [1, 1, 0],
      [0, 1, 1],
      [1, 0, 1],
      [0, 0, 0],
    ];
    const { rows } = check({ inputIds: masks.map(() => [1, 2, 3]), attentionMask: masks });
    expect(rows.map(({ mask, first, end }) => [mask && [...mask], first, end])).toEqual([
      [undefined, 0, 3],
      [[1, 1, 0], 0, 2],
      [[0, 1, 1], 1, 3],
      [[1, 0, 1], 0, 3],
      [[0, 0, 0], 0, 0],
    ]);
  });

  test.each<[string, unknown]>([
    ["truth values", [[true, true, false]]],
    ["bigints", [[1n, 1n, 0n]]],
    ["floats with a shape", { data: Float32Array.of(1, 1, 0), shape: [1, 3] }],
  ])("%s give the same", (_, attentionMask) => {
    expect(check({ inputIds: [[1, 2, 3]], attentionMask }).rows[0]!.mask).toEqual(Uint8Array.of(1, 1, 0));
  });

  test("a 3-D mask: row i is what column i may see; a column that nobody sees is no real token", () => {
    const pairs = [
      [1, 0, 0],
      [1, 0, 1],
      [0, 0, 1],
    ];
    const ones = [1, 1, 1];
    const { rows } = check({ inputIds: [IDS[0], IDS[1]], attentionMask: [pairs, [ones, ones, ones]] });
    expect(rows[0]).toMatchObject({ mask: Uint8Array.of(1, 0, 1), pairMask: Uint8Array.from(pairs.flat()) });
    expect([rows[0]!.first, rows[0]!.end]).toEqual([0, 3]);
    expect([rows[1]!.mask, rows[1]!.pairMask]).toEqual([undefined, undefined]);
    const shaped = { data: Uint8Array.from([...pairs.flat(), ...Array<number>(9).fill(1)]), shape: [2, 3, 3] };
    expect(check({ inputIds: IDS, attentionMask: shaped }).rows).toEqual(rows);
  });

  test("a causal mask leaves every token real", () => {
    const causal = [
      [1, 0],
      [1, 1],
    ];
    const [row] = check({ inputIds: [[1, 2]], attentionMask: [causal] }).rows;
    expect([row!.mask, row!.pairMask]).toEqual([undefined, Uint8Array.of(1, 0, 1, 1)]);
  });

  test("3-D masks of rows that differ in length", () => {
    const square = (n: number): number[][] =>
      Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => +(j <= i)));
    const { rows } = check({ ...ragged, attentionMask: [square(4), square(1), square(2)] });
    expect(rows.map((row) => row.pairMask?.length)).toEqual([16, undefined, 4]);
  });

  test.each<[unknown, typeof RangeError | typeof TypeError, string]>([
    [[[1, 1]], TypeError, "attentionMask has 1 rows for 2 sequences"],
    [
      [
        [1, 1, 1],
        [1, 1],
      ],
      TypeError,
      "attentionMask[1] has 2 columns, its sequence 3",
    ],
    [
      [
        [1, 1, 1],
        [1, 2, 1],
      ],
      RangeError,
      "attentionMask[1][1] = 2: a mask holds 0 and 1",
    ],
    [
      [
        [1, 1, 1],
        [1, 0.5, 1],
      ],
      RangeError,
      "attentionMask[1][1] = 0.5",
    ],
    [
      [
        [1, 1, 1],
        [1, -1, 1],
      ],
      RangeError,
      "attentionMask[1][1] = -1",
    ],
    [[1, 1, 1], TypeError, "attentionMask: 2 dimensions are expected"],
    [[[[1, 1, 1]]], TypeError, "attentionMask has 1 items for 2 sequences"],
    [[[[1, 1, 1]], [[1, 1, 1]]], TypeError, "attentionMask[0] has 1 rows of 3 columns, its sequence 3 columns"],
    [{ data: new Uint8Array(6), shape: [2, 1, 1, 3] }, TypeError, "attentionMask: 2 dimensions are expected"],
  ])("refuses %j", (attentionMask, kind, message) => {
    fails({ inputIds: IDS, attentionMask }, kind, message);
  });
});

describe("tokenTypeIds", () => {
  test("are kept where they say something and the model has a table", () => {
    const inputs = {
      inputIds: IDS,
      tokenTypeIds: [
        [0, 1, 1],
        [0, 0, 0],
      ],
    };
    expect(check(inputs, { config: absolute }).rows.map((row) => row.types)).toEqual([
      Int32Array.of(0, 1, 1),
      undefined,
    ]);
    expect(check(inputs).rows[0]!.types).toBeUndefined();
  });

  test("without a table they are ignored, whatever they hold", () => {
    expect(check({ inputIds: [[1]], tokenTypeIds: [[-7]] }).rows[0]!.types).toBeUndefined();
  });

  test("out of range and misshapen", () => {
    const one = { config: absolute };
    fails({ inputIds: [[1]], tokenTypeIds: [[2]] }, RangeError, "tokenTypeIds[0][0] = 2: type_vocab_size is 2", one);
    fails({ inputIds: [[1]], tokenTypeIds: [[0, 1]] }, TypeError, "tokenTypeIds[0] has 2 columns, its sequence 1", one);
  });
});

describe("positionIds", () => {
  test("are kept where they differ from the columns and the model has a table", () => {
    const inputs = {
      inputIds: IDS,
      positionIds: [
        [2, 1, 0],
        [0, 1, 2],
      ],
    };
    expect(check(inputs, { config: absolute }).rows.map((row) => row.positions)).toEqual([
      Int32Array.of(2, 1, 0),
      undefined,
    ]);
    expect(check(inputs).rows[0]!.positions).toBeUndefined();
    expect(check(inputs, { embeddingRowsOfPositions: 3 }).rows[0]!.positions).toEqual(Int32Array.of(2, 1, 0));
  });

  test("one row serves all sequences", () => {
    const { rows } = check({ ...ragged, positionIds: [[3, 2, 1, 0]] }, { config: absolute });
    expect(rows.map((row) => [...row.positions!])).toEqual([[3, 2, 1, 0], [3], [3, 2]]);
    fails({ ...ragged, positionIds: [[0, 1]] }, TypeError, "positionIds[0] has 2 columns", { config: absolute });
  });

  test("out of the table, and more tokens than positions", () => {
    const six = { config: absolute };
    fails({ inputIds: [[1]], positionIds: [[6]] }, RangeError, "positionIds[0][0] = 6: the model has 6 absolute", six);
    fails({ inputIds: [[1], Array(7).fill(1)] }, RangeError, "sequence 1 has 7 tokens: the model has 6 absolute", six);
    expect(check({ inputIds: [Array(7).fill(1)], positionIds: [Array(7).fill(5)] }, six).columns).toBe(7);
    expect(check({ inputIds: [Array(700).fill(1)] }).columns).toBe(700);
    fails({ inputIds: [Array(700).fill(1)] }, RangeError, "700 tokens", { embeddingRowsOfPositions: 512 });
  });
});

describe("inputsEmbeds", () => {
  const tensor = (values: ArrayLike<number>, ...shape: number[]): unknown => ({
    data: Float32Array.from(values),
    shape,
  });

  test("are cut into sequences and copied", () => {
    const given = tensor([...Array(32).keys()], 2, 2, 8) as { data: Float32Array };
    const { rows, columns } = check({ inputsEmbeds: given });
    expect(columns).toBe(2);
    expect([...rows[1]!.embeds!]).toEqual(Array.from({ length: 16 }, (_, i) => 16 + i));
    given.data.fill(0);
    expect(rows[1]!.embeds![0]).toBe(16);
  });

  test("have the embedding size, which may differ from the hidden size", () => {
    const config = new DebertaV2Config({ ...BASE, embedding_size: 3 });
    expect(check({ inputsEmbeds: tensor(Array(6).fill(1), 1, 2, 3) }, { config }).rows[0]!.embeds!.length).toBe(6);
  });

  test.each<[unknown, typeof RangeError | typeof TypeError, string]>([
    [tensor(Array(7).fill(0), 1, 1, 7), TypeError, "the last dimension of this model is 8"],
    [tensor(Array(8).fill(0), 1, 8), TypeError, "inputsEmbeds: a tensor [B, N, E] is expected"],
    [tensor(Array(7).fill(0), 1, 1, 8), TypeError, "inputsEmbeds has 7 values, its shape [1, 1, 8] says 8"],
    [tensor([1, 2, 3, NaN, 5, 6, 7, 8], 1, 1, 8), RangeError, "inputsEmbeds.data[3] = NaN: a finite number"],
    [tensor([1, 2, 3, -Infinity, 5, 6, 7, 8], 1, 1, 8), RangeError, "inputsEmbeds.data[3] = -Infinity"],
    [{ data: [1e39, 2, 3, 4, 5, 6, 7, 8], shape: [1, 1, 8] }, RangeError, "inputsEmbeds.data[0] = 1e+39"],
    [tensor([], 0, 1, 8), RangeError, "inputsEmbeds is empty"],
    [tensor([], 1, 0, 8), RangeError, "inputsEmbeds is empty"],
    [[[[1]]], TypeError, "inputsEmbeds: a tensor [B, N, E] is expected"],
    [null, TypeError, "inputsEmbeds"],
  ])("refuses %j", (inputsEmbeds, kind, message) => {
    fails({ inputsEmbeds }, kind, message);
  });
});

describe("distances without a bucket", () => {
  const short = new DebertaV2Config({ ...BASE, position_buckets: 8, max_relative_positions: 4 });
  const five = { inputIds: [[1, 2, 3, 4, 5]] };
  const six = { inputIds: [[1, 2, 3, 4, 5, 6]] };

  test("are refused at the request", () => {
    expect(check(five, { config: short }).columns).toBe(5);
    const message = "position_buckets 8 with a range of 4 defines distances up to 4 (this input has 6 tokens)";
    fails(six, RangeError, message, { config: short });
  });

  test("padding does not count", () => {
    expect(check({ ...six, attentionMask: [[0, 1, 1, 1, 1, 1]] }, { config: short }).batch).toBe(1);
  });
});

describe("multiple choice", () => {
  const head = { head: "multiple-choice" } as const;
  const items = [
    [[1, 2, 3], [4]],
    [[5], [6, 7]],
  ];

  test("is flattened, choice by choice", () => {
    const checked = check({ inputIds: items, labels: [1, -100] }, head);
    expect([checked.choices, checked.batch, checked.columns]).toEqual([2, 4, 3]);
    expect(checked.rows.map((row) => [...row.ids!])).toEqual([[1, 2, 3], [4], [5], [6, 7]]);
    expect(checked.labels).toEqual({ data: Float64Array.of(1, -100), shape: [2] });
  });

  test("takes masks, types and positions one level deeper, or flat with a shape", () => {
    const ones = items.map((choices) => choices.map((row) => row.map(() => 1)));
    const positions = items.map((choices) => choices.map((row) => row.map(() => 3)));
    const inputs = { inputIds: items, attentionMask: ones, tokenTypeIds: ones, positionIds: positions };
    const { rows } = check(inputs, { ...head, config: absolute });
    expect(rows[3]).toEqual({
      length: 2,
      first: 0,
      end: 2,
      ids: Int32Array.of(6, 7),
      types: Int32Array.of(1, 1),
      positions: Int32Array.of(3, 3),
    });
    const flat = check({ inputIds: { data: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [2, 2, 2] } }, head);
    expect([flat.choices, flat.batch, flat.columns]).toEqual([2, 4, 2]);
    const embeds = check({ inputsEmbeds: { data: new Float32Array(48), shape: [1, 3, 2, 8] } }, head);
    expect([embeds.choices, embeds.batch, embeds.columns]).toEqual([3, 3, 2]);
  });

  test.each<[unknown, typeof RangeError | typeof TypeError, string]>([
    [{ inputIds: [[1, 2]] }, TypeError, "inputIds[0][0]: a row of numbers is expected"],
    [{ inputIds: [[[1]], [[1], [2]]] }, TypeError, "inputIds[1] has 2 choices, inputIds[0] 1"],
    [{ inputIds: [[[1], [100]]] }, RangeError, "inputIds[0][1][0] = 100"],
    [{ inputIds: [[]] }, RangeError, "inputIds is empty"],
    [{ inputIds: items, attentionMask: [[1]] }, TypeError, "attentionMask[0][0]"],
    [{ inputIds: items, labels: [0, 2] }, RangeError, "labels[1] = 2: there are 2 choices"],
    [{ inputIds: items, labels: [0] }, TypeError, "labels has the shape [1], [2] is expected"],
  ])("refuses %j", (inputs, kind, message) => {
    fails(inputs, kind, message, head);
  });
});

describe("labels", () => {
  const two = new DebertaV2Config({ ...BASE, num_labels: 2 });
  const typed = (problem_type: string | null, num_labels: number): Options => ({
    head: "sequence-classification",
    config: new DebertaV2Config({ ...BASE, problem_type, num_labels }),
  });

  test("of tokens: rows as the ids', filled up with -100", () => {
    const labels = [[0, 1, -100, 1], [0], [1, 1]];
    const checked = check({ ...ragged, labels }, { head: "token-classification", config: two });
    expect(checked.labels!.shape).toEqual([3, 4]);
    expect([...checked.labels!.data]).toEqual([0, 1, -100, 1, 0, -100, -100, -100, 1, 1, -100, -100]);
  });

  test.each<[unknown, Options, number[]]>([
    [[0, 1], typed(null, 2), [2]],
    [[[0], [1]], typed(null, 2), [2, 1]],
    [[-5, 1.5], typed(null, 2), [2]],
    [
      [
        [0.5, 0.5],
        [2, 1],
      ],
      typed(null, 2),
      [2, 2],
    ],
    [[0.1, -3], typed(null, 1), [2]],
    [[[[0.1]], [[-3]]], typed(null, 1), [2, 1, 1]],
    [[[1], [2]], typed("regression", 1), [2, 1]],
    [[1, 2, 3], typed("regression", 3), [3]],
    [[0, -100], typed("single_label_classification", 2), [2]],
    [{ data: BigInt64Array.of(0n, 1n), shape: [2, 1] }, typed("single_label_classification", 2), [2, 1]],
    [
      [
        [0, 1, 1],
        [1, 0, 0],
      ],
      typed("multi_label_classification", 3),
      [2, 3],
    ],
  ])("of sequences, no. %#", (labels, options, shape) => {
    expect(check({ inputIds: IDS, labels }, options).labels!.shape).toEqual(shape);
  });

  test.each<[unknown, typeof RangeError | typeof TypeError, string, Options]>([
    [[[0, 1, 2]], TypeError, "labels has 1 rows for 2 sequences", { head: "token-classification" }],
    [
      [
        [0, 1],
        [0, 1, 0],
      ],
      TypeError,
      "labels[0] has 2 columns, its sequence 3",
      { head: "token-classification" },
    ],
    [
      [
        [0, 1, 0],
        [0, 1, 2],
      ],
      RangeError,
      "labels[1][2] = 2: the model has 2 labels",
      { head: "token-classification" },
    ],
    [
      [
        [0, 1, 0],
        [0, -1, 0],
      ],
      RangeError,
      "labels[1][1] = -1",
      { head: "token-classification" },
    ],
    [
      [
        [0, 1, 0],
        [0, 100, 0],
      ],
      RangeError,
      "labels[1][1] = 100: the vocabulary has 100 rows",
      { head: "masked-lm" },
    ],
    [
      [
        [0, [1], 0],
        [0, 1, 0],
      ],
      TypeError,
      "labels[0][1]: a number is expected",
      { head: "token-classification" },
    ],
    [[0, 2], RangeError, "labels[1] = 2: the model has 2 labels", typed(null, 2)],
    [[0], TypeError, "labels has the shape [1], [2] or [2, 1] or [2, 2] is expected", typed(null, 2)],
    [[0, 1, 0], TypeError, "labels has the shape [3], [2] is expected", typed(null, 1)],
    [[0, NaN], RangeError, "labels[1] = NaN", typed(null, 1)],
    [[0, -1], RangeError, "labels[1] = -1", typed("single_label_classification", 2)],
    [[0, 0.5], RangeError, "labels[1] = 0.5", typed("single_label_classification", 2)],
    [[0, 1], TypeError, "labels has the shape [2], [2, 3] is expected", typed("multi_label_classification", 3)],
    [[[0, 1], [1]], TypeError, "labels[1] has the shape [1], labels[0] [2]", typed(null, 2)],
    [1, TypeError, "labels: an array is expected, a number was given", typed(null, 2)],
    [[0, 1], TypeError, "labels: a model without a head has no loss", { head: "model" }],
    [[0, 1], TypeError, "labels: question answering takes startPositions", { head: "question-answering" }],
  ])("refuses wrong ones, no. %#", (labels, kind, message, options) => {
    fails({ inputIds: IDS, labels }, kind, message, options);
  });

  test("positions of answers: any integer, one for each sequence", () => {
    const head = { head: "question-answering" } as const;
    const inputs = { inputIds: IDS, startPositions: [-5, 1e12], endPositions: [[0], [2]] };
    const { startPositions, endPositions } = check(inputs, head);
    expect([[...startPositions!], [...endPositions!]]).toEqual([
      [-1, 2 ** 30],
      [0, 2],
    ]);
    fails({ inputIds: IDS, startPositions: [0] }, TypeError, "startPositions has the shape [1]", head);
    fails({ inputIds: IDS, endPositions: [0, 0.5] }, RangeError, "endPositions[1] = 0.5", head);
    fails({ inputIds: IDS, startPositions: [0, 0] }, TypeError, "startPositions: only question answering", {});
  });
});

describe("logitsAt", () => {
  const head = { head: "masked-lm" } as const;

  test("pairs of sequence and column", () => {
    expect(check({ ...ragged, logitsAt: [[0, 3], [2, 1], [0, 3]] }, head).logitsAt).toEqual([[0, 3], [2, 1], [0, 3]]); // prettier-ignore
  });

  test.each<[unknown, typeof RangeError | typeof TypeError, string]>([
    [[[3, 0]], RangeError, "logitsAt[0] = [3, 0]: there are 3 sequences"],
    [
      [
        [0, 0],
        [1, 1],
      ],
      RangeError,
      "logitsAt[1] = [1, 1]: sequence 1 has 1 columns",
    ],
    [[[0, -1]], RangeError, "logitsAt[0] = [0, -1]"],
    [[[0.5, 0]], RangeError, "logitsAt[0] = [0.5, 0]"],
    [[[-1, 0]], RangeError, "logitsAt[0] = [-1, 0]"],
    [[[0]], TypeError, "logitsAt[0]: a pair [sequence, column] is expected"],
    [[0, 1], TypeError, "logitsAt[0]: an array is expected"],
    [[], TypeError, "logitsAt"],
    ["00", TypeError, "logitsAt"],
  ])("refuses %j", (logitsAt, kind, message) => {
    fails({ ...ragged, logitsAt }, kind, message, head);
  });

  test("is for masked LM only", () => {
    fails({ ...ragged, logitsAt: [[0, 0]] }, TypeError, "logitsAt: only masked LM takes it");
  });
});

test("random requests: every form of the arrays gives the same", () => {
  for (let seed = 0; seed < 100; seed++) {
    const next = generator(seed);
    const [batch, columns] = [randomInteger(next, 1, 4), randomInteger(next, 1, 6)];
    const rows = (most: number): number[][] =>
      Array.from({ length: batch }, () => Array.from({ length: columns }, () => randomInteger(next, 0, most)));
    const given = { inputIds: rows(99), attentionMask: rows(1), tokenTypeIds: rows(1), positionIds: rows(5) };
    const convert = (form: (array: number[][]) => unknown): CheckedInputs =>
      check(Object.fromEntries(Object.entries(given).map(([name, array]) => [name, form(array)])), {
        config: absolute,
      });
    const expected = convert((array) => array);
    const shape = [batch, columns];
    const forms: ((array: number[][]) => unknown)[] = [
      (array) => array.map((row) => Int32Array.from(row)),
      (array) => array.map((row) => BigInt64Array.from(row.map(BigInt))),
      (array) => ({ data: Float64Array.from(array.flat()), shape }),
      (array) => Object.assign(Uint8Array.from(array.flat()), { shape }),
    ];
    for (const form of forms) expect(convert(form), `seed ${seed}`).toEqual(expected);
  }
});

test("a batch of more sequences than a call takes arguments", () => {
  const { batch, columns } = check({ inputIds: new Array<number[]>(200_000).fill([1]) });
  expect([batch, columns]).toEqual([200_000, 1]);
});

test("what the config asks for by default can be overruled", () => {
  const config = new DebertaV2Config({ ...BASE, output_hidden_states: true });
  const asked = (inputs: object): boolean[] => {
    const { outputHiddenStates, outputAttentions } = check({ inputIds: [[1]], ...inputs }, { config });
    return [outputHiddenStates, outputAttentions];
  };
  expect(asked({})).toEqual([true, false]);
  expect(asked({ outputHiddenStates: false, outputAttentions: true })).toEqual([false, true]);
});

test.skipIf(!SHARED)("every golden batch passes (needs the shared data)", () => {
  const heads: Record<string, Head> = {
    DebertaV2Model: "model",
    DebertaV2ForMaskedLM: "masked-lm",
    DebertaV2ForSequenceClassification: "sequence-classification",
    DebertaV2ForTokenClassification: "token-classification",
    DebertaV2ForQuestionAnswering: "question-answering",
    DebertaV2ForMultipleChoice: "multiple-choice",
  };
  for (const { name, architecture, config: json, batches, expected } of goldenCases()) {
    const config = new DebertaV2Config(json);
    for (const batch of batches) {
      const inputs: ModelInputs = {
        inputIds: batch.input_ids,
        attentionMask: batch.attention_mask,
        tokenTypeIds: batch.token_type_ids,
        positionIds: batch.position_ids,
        inputsEmbeds: batch.inputs_embeds === undefined ? undefined : expected.get(batch.inputs_embeds),
        labels: batch.labels,
        startPositions: batch.start_positions,
        endPositions: batch.end_positions,
      };
      const checked = checkInputs(inputs, config, { head: heads[architecture]!, vocabRows: config.vocabSize });
      expect(checked.rows.length, `${name} ${batch.name}`).toBe(checked.batch);
    }
  }
});
