// Disentangled attention over packed sequences: scores in every form, softmax, values, relative products.
import { attentionScores, type RelativeForm, type ScoreAttrs, TILE_FIELDS } from "../../kernels/attention-scores.js";
import { attentionValues } from "../../kernels/attention-values.js";
import { gatherRows } from "../../kernels/gather-rows.js";
import type { Capabilities } from "../../kernels/kernel.js";
import { relativeProducts } from "../../kernels/relative-products.js";
import { softmax } from "../../kernels/softmax.js";
import type { Value } from "../../runtime/graph.js";
import { type CaseGraph, caseGraph, type GraphCase } from "../case.js";
import { pack, type PackOptions, risingSlots } from "./packed.js";
import { randomValues } from "./random.js";

interface Attention extends PackOptions {
  readonly form: RelativeForm;
  readonly headWidth: number;
  readonly content?: boolean;
  readonly c2p?: boolean;
  readonly p2c?: boolean;
  readonly reach?: number;
  readonly slots?: number;
  /** Size of queries and keys; scores grow with its square. */
  readonly scale?: number;
}

/** Scores twice, raw and as the probabilities that the values are weighted with. */
function attention(made: CaseGraph, device: Capabilities, id: string, options: Attention): void {
  const { form, headWidth, heads, reach = 6, slots = 8, scale = 1, single, allowed } = options;
  const { content = true, c2p = true, p2c = true } = options;
  const { graph } = made;
  const packed = pack(device, options);
  const D = heads * headWidth;
  // q, k, v side by side, with columns before and after that are no head's.
  const width = 3 * D + 8;
  const value = (name: string, data: Float32Array | Uint32Array, ...shape: number[]) =>
    made.input(`${name} ${id}`, data, ...shape);
  const qkv = value("qkv", randomValues(packed.rows * width, packed.rows, scale), packed.rows, width);
  const query = single ? value("q", randomValues(packed.queries * width, 5, scale), packed.queries, width) : qkv;
  const tables = (name: string, data: Uint32Array, fields: number) => value(name, data, data.length / fields, fields);
  const tiles = tables("tiles", packed.tiles, TILE_FIELDS.length);
  const operands: Value[] = [query, qkv, tiles];
  const firstQuery = options.block?.[0] ?? 0;
  if (form !== "none") {
    const table = value("slots", risingSlots(reach, slots), 2 * reach + 1);
    const posK = made.resident(`posK ${id}`, randomValues(slots * D, 6), slots, D);
    const posQ = made.resident(`posQ ${id}`, randomValues(slots * D, 7), slots, D);
    if (form === "tile") operands.push(table, posK, posQ);
    else {
      const bounds = value("bounds", packed.bounds, packed.rows, 2);
      const rows = [firstQuery, options.block?.[1] ?? packed.rows] as const;
      const shared = { heads, headWidth, reach };
      const qp = { ...shared, queryFrom: 4, rows, sign: 1 } as const;
      const kp = { ...shared, queryFrom: 4 + D, rows: [0, packed.rows], sign: -1 } as const;
      operands.push(
        table,
        graph.add(`qp ${id}`, relativeProducts, [query, posK, table, bounds], qp),
        graph.add(`kp ${id}`, relativeProducts, [qkv, posQ, table, bounds], kp),
      );
    }
  }
  const masked = allowed !== undefined;
  if (masked) operands.push(value("mask", packed.mask, packed.mask.length));
  const attrs: ScoreAttrs = {
    heads,
    headWidth,
    queryFrom: 4,
    keyFrom: 4 + D,
    scores: packed.scores,
    content,
    c2p,
    p2c,
    reach: form === "none" ? 0 : reach,
    slots,
    singleRows: single !== undefined,
    firstQuery,
    pairs: 0,
  };
  const kernel = attentionScores(form, masked);
  graph.add(`scores ${id}`, kernel, operands, attrs);
  const scores = graph.add(`again ${id}`, kernel, operands, attrs);
  const rows = tables("rows", packed.scoreRows, 3);
  const probabilities = graph.add(`softmax ${id}`, softmax, [rows], { heads, scores: packed.scores }, scores);
  graph.add(
    `values ${id}`,
    attentionValues,
    [probabilities, qkv, tables("value tiles", packed.valueTiles, TILE_FIELDS.length)],
    {
      heads,
      headWidth,
      valueFrom: 4 + 2 * D,
      rows: packed.queries,
      singleRows: single !== undefined,
      pairs: 0,
    },
  );
}

const attentionCase = (name: string, ...all: Attention[]): GraphCase => ({
  name,
  build(device) {
    const made = caseGraph();
    all.forEach((options, i) => attention(made, device, String(i), options));
    return made;
  },
});

const RAGGED = [1, 2, 7, 8, 9, 33, 3];
const FORMS: readonly RelativeForm[] = ["none", "tile", "gather"];

/** Half of all pairs; sequence 2 has a query that may look at nothing. */
const someAllowed = (sequence: number, query: number, key: number): boolean =>
  (query * 7 + key * 3 + sequence) % 5 < 3 && !(sequence === 2 && query === 4);

const forms = FORMS.map((form) =>
  attentionCase(
    `${form}: one token, one sequence, ragged sequences with surplus entries`,
    { form, lengths: [1], heads: 1, headWidth: 4 },
    { form, lengths: [40], heads: 2, headWidth: 12, reach: 60, slots: 16 },
    { form, lengths: RAGGED, heads: 3, headWidth: 8, surplus: 3 },
  ),
);

const masks = FORMS.map((form) =>
  attentionCase(`${form}: masked pairs, and a row that may look at nothing`, {
    form,
    lengths: [...RAGGED, 70],
    heads: 2,
    headWidth: 8,
    surplus: 1,
    allowed: someAllowed,
  }),
);

const SOME = { lengths: [5, 17], heads: 2, headWidth: 16 };
const terms: readonly GraphCase[] = [
  ...(["tile", "gather"] as const).map((form) =>
    attentionCase(
      `${form}: content with c2p, content with p2c`,
      { form, ...SOME, p2c: false },
      { form, ...SOME, c2p: false },
    ),
  ),
  attentionCase(
    "tile: each term alone",
    { form: "tile", ...SOME, c2p: false, p2c: false },
    { form: "tile", ...SOME, content: false, p2c: false },
    { form: "tile", ...SOME, content: false, c2p: false },
  ),
];

const singles = (["none", "tile"] as const).map((form) =>
  attentionCase(
    `${form}: one query of each sequence`,
    { form, lengths: RAGGED, heads: 2, headWidth: 20, surplus: 2, single: RAGGED.map((length) => length - 1) },
    { form, lengths: [70, 1], heads: 1, headWidth: 4, single: [0, 0], allowed: someAllowed },
  ),
);

const others: readonly GraphCase[] = [
  attentionCase(
    "a block of the queries of one sequence",
    { form: "tile", lengths: [41], heads: 2, headWidth: 8, block: [16, 41] },
    { form: "gather", lengths: [41], heads: 2, headWidth: 8, block: [8, 24] },
  ),
  attentionCase("heads wider than a workgroup", { form: "tile", lengths: [6, 9], heads: 1, headWidth: 84 }),
  attentionCase("scores up to 1e4", {
    form: "tile",
    lengths: [3, 21],
    heads: 1,
    headWidth: 16,
    scale: 60,
    allowed: someAllowed,
  }),
];

/** Softmax over scores as they are given, by a copy that it may overwrite. */
const softmaxExtremes: GraphCase = {
  name: "softmax: one key, equal scores, masked rows, scores from −1e30 to 1e30",
  build() {
    const made = caseGraph();
    const lengths = [1, 2, 3, 4, 5, 31, 32, 33, 130];
    const contents: ((i: number) => number)[] = [
      () => 0,
      () => -1e30,
      (i) => (i === 0 ? 1e30 : -1e30),
      (i) => (i % 2 ? -1e30 : i / 8),
      (i) => 80 - i,
      (i) => Math.sin(i) * 20 + 1e4,
    ];
    const scores: number[] = [];
    const rows: number[] = [];
    for (const length of lengths) {
      for (const content of contents) {
        const stride = 4 * Math.ceil(length / 4);
        rows.push(scores.length, stride, length);
        for (let i = 0; i < 2 * stride; i++) scores.push(i % stride < length ? content(i) : NaN);
      }
    }
    rows.push(0, 0, 0);
    const count = scores.length;
    const x = made.input("scores", Float32Array.from(scores), 1, count);
    const copy = made.graph.add("copy", gatherRows, [x, made.input("first", Uint32Array.of(0), 1)], {});
    const table = made.input("rows", Uint32Array.from(rows), rows.length / 3, 3);
    made.graph.add("softmax", softmax, [table], { heads: 2, scores: count }, copy);
    return made;
  },
};

export const ATTENTION_CASES: readonly GraphCase[] = [
  ...forms,
  ...masks,
  ...terms,
  ...singles,
  ...others,
  softmaxExtremes,
];
