// matmul and addMatmul: tile edges, columns and places, activations, extreme values.
import { ACTIVATIONS } from "../../kernels/activation.js";
import { conv1dAs } from "../../kernels/conv1d.js";
import { addMatmul, matmul, matmulAs } from "../../kernels/matmul.js";
import { type MatmulPlan, type MatmulShape, planText } from "../../kernels/matmul/plan.js";
import type { PackedType } from "../../kernels/kernel.js";
import { packWeights, type PackedDType } from "../../kernels/pack-weights.js";
import type { Value } from "../../runtime/graph.js";
import { type CaseGraph, caseGraph, type GraphCase } from "../case.js";
import { randomValues } from "./random.js";
import { pack } from "./packed.js";
import { weightFile } from "./weight-file.js";

// One row; just under, at and over every tile (4, 8, 16, 32 rows; 4 to 16 vec4 columns); and two that are large enough for wide tiles.
const SIZES: readonly (readonly [rows: number, inner: number, columns: number])[] = [
  [1, 4, 4],
  [3, 20, 12],
  [4, 64, 16],
  [5, 8, 20],
  [7, 12, 28],
  [8, 4, 32],
  [9, 20, 36],
  [15, 16, 60],
  [16, 8, 64],
  [17, 128, 68],
  [65, 256, 132],
  [9, 512, 460],
];

const sizes: GraphCase = {
  name: "every edge of the tiles",
  build() {
    const made = caseGraph();
    for (const [rows, inner, columns] of SIZES) {
      const id = `${rows}x${inner}x${columns}`;
      const x = made.input(`x ${id}`, randomValues(rows * inner, rows), rows, inner);
      const w = made.resident(`w ${id}`, randomValues(inner * columns, columns), inner, columns);
      const bias = made.resident(`bias ${id}`, randomValues(columns, inner), columns);
      const residual = made.input(`residual ${id}`, randomValues(rows * columns, rows + 1), rows, columns);
      made.graph.add(`matmul ${id}`, matmul, [x, w, bias], {});
      made.graph.add(`addMatmul ${id}`, addMatmul, [x, w, bias, residual], { activation: "gelu" });
    }
    return made;
  },
};

const pieces: GraphCase = {
  name: "columns of w, and products that fill one value piece by piece",
  build() {
    const made = caseGraph();
    const { graph } = made;
    const x = made.input("x", randomValues(3 * 20, 1), 3, 20);
    const w = made.resident("w", randomValues(20 * 60, 2), 20, 60);
    const bias = made.resident("bias", randomValues(60, 3), 60);
    const residual = made.input("residual", randomValues(3 * 24, 4), 3, 24);
    graph.add("some columns", matmul, [x, w, bias], { columns: [20, 44] });
    graph.add("some columns and residual", addMatmul, [x, w, bias, residual], { columns: [36, 60] });
    const first = graph.add("placed", matmul, [x, w, bias], { columns: [0, 24], place: { width: 64, from: 40 } });
    const second = graph.add(
      "placed before it",
      matmul,
      [x, w, bias],
      { columns: [24, 60], place: { width: 64, from: 4 }, activation: "relu" },
      first,
    );
    graph.add("one vec4 more", matmul, [x, w, bias], { columns: [4, 8], place: { width: 64, from: 0 } }, second);
    return made;
  },
};

/** Rows [v, −v, v/3, 1]: the 1 keeps the row's magnitude at the function's own where the function vanishes. */
const ARGUMENTS = [0, 1e-6, 0.1, 0.7, 1, 2, 2.9, 3.1, 5, 6.5, 9.9, 20, 89, 1e3, 1e9, -0];

const activations: readonly GraphCase[] = ACTIVATIONS.map((activation) => ({
  name: `activation ${activation}`,
  build() {
    const made = caseGraph();
    const identity = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const w = made.resident("identity", identity, 4, 4);
    const bias = made.resident("zero", new Float32Array(4), 4);
    // Four rows at a time: the smallest tile compiles fastest.
    for (let first = 0; first < ARGUMENTS.length; first += 4) {
      const rows = ARGUMENTS.slice(first, first + 4).flatMap((v) => [v, -v, v / 3, 1]);
      const x = made.input(`x ${first}`, Float32Array.from(rows), 4, 4);
      made.graph.add(`${activation} ${first}`, matmul, [x, w, bias], { activation });
    }
    return made;
  },
}));

const extremes: GraphCase = {
  name: "outliers, tiny values and zeros",
  build() {
    const made = caseGraph();
    const rows: (readonly [name: string, row: Float32Array])[] = [
      ["zeros", new Float32Array(64)],
      ["outlier 1e4", randomValues(64, 1).fill(1e4, 7, 8)],
      ["outlier 1e30", randomValues(64, 2).fill(-1e30, 63, 64)],
      ["tiny", randomValues(64, 3, 1e-30)],
      ["mixed", randomValues(64, 4).map((value, i) => value * 10 ** ((i % 9) - 4))],
    ];
    const x = made.input("x", Float32Array.from(rows.flatMap(([, row]) => [...row])), rows.length, 64);
    const w = made.resident("w", randomValues(64 * 24, 5), 64, 24);
    const bias = made.resident("bias", new Float32Array(24), 24);
    made.graph.add("product", matmul, [x, w, bias], {});
    made.graph.add("large weights", matmul, [x, made.resident("v", randomValues(64 * 24, 6, 1e6), 64, 24), bias], {});
    return made;
  },
};

/** A packed type, and that of a file which it holds exactly. */
type PackedWeights = readonly [dtype: PackedType, file: PackedDType];

/** All of them. */
export const PACKED_WEIGHTS: readonly PackedWeights[] = [
  ["f16", "F16"],
  ["bf16", "BF16"],
  ["q8", "I8"],
  ["q4", "I4"],
];

/** x, w and bias of a product whose weights are packed on the device, from a file that their type holds exactly: f32's own tolerance. */
function packedOperands(
  made: CaseGraph,
  [dtype, file]: PackedWeights,
  [rows, inner, columns]: readonly [rows: number, inner: number, columns: number],
): [x: Value, w: Value, bias: Value] {
  const id = `${dtype} ${rows}x${inner}x${columns}`;
  const { words, scales } = weightFile(file, columns, inner);
  const axis = (size: number) => ({ size, group: size, padded: size });
  const w = made.graph.add(`w ${id}`, packWeights, [made.input(`file ${id}`, words, words.length)], {
    dtype: file,
    layout: { kind: "linear" },
    input: axis(inner),
    output: axis(columns),
    scale: 0.25,
    ...(scales ? { scales } : {}),
    into: { dtype, rows: inner, columns, from: 0 },
  });
  return [
    made.input(`x ${id}`, randomValues(rows * inner, rows), rows, inner),
    w,
    made.resident(`bias ${id}`, randomValues(columns, inner), columns),
  ];
}

const packed: readonly GraphCase[] = PACKED_WEIGHTS.map((type) => ({
  name: `weights in ${type[0]}`,
  build() {
    const made = caseGraph();
    for (const size of [
      [1, 32, 4],
      [9, 96, 20],
      [17, 128, 68],
    ] as const) {
      const [rows, , columns] = size;
      const id = size.join("x");
      const operands = packedOperands(made, type, size);
      const residual = made.input(`residual ${id}`, randomValues(rows * columns, rows + 1), rows, columns);
      made.graph.add(`matmul ${id}`, matmul, operands, {});
      made.graph.add(`addMatmul ${id}`, addMatmul, [...operands, residual], { activation: "gelu" });
      if (columns >= 20) made.graph.add(`some columns ${id}`, matmul, operands, { columns: [8, 20] });
    }
    made.graph.add("large", matmul, packedOperands(made, type, [65, 256, 132]), {});
    return made;
  },
}));

/** The products of v3-base at several lengths, of xxlarge, and small ones. */
export const PLANNED_SHAPES: readonly MatmulShape[] = [
  ...[1, 2, 4, 8, 9, 32, 128, 512, 2048].flatMap((rows) => [
    { rows, inner: 768, columns: 768 },
    { rows, inner: 768, columns: 3072 },
    { rows, inner: 3072, columns: 768 },
  ]),
  { rows: 512, inner: 1536, columns: 6144 },
  { rows: 128, inner: 768, columns: 768, weights: "q8" },
  { rows: 128, inner: 20, columns: 4 },
];

/** A body and its tile, whatever the device's own plan: one row, around the edges of its tile, K off its steps. */
export const bodyCase = (plan: MatmulPlan): GraphCase => ({
  name: `as planned: ${planText(plan)}`,
  // K = 772 products are added one by one here, where the bodies for processors add groups of four.
  tolerance: 3e-5,
  build(device) {
    const made = caseGraph();
    const [tall, wide] = [plan.rows * plan.threads[1], 4 * plan.vectors * plan.threads[0]];
    const step = 4 * Math.max(plan.groups, plan.parts);
    for (const [rows, inner, columns] of [
      [1, 4, 4],
      [tall - 1, step - 4, wide - 4],
      [tall, step, wide],
      [tall + 1, 2 * step + 4, wide + 4],
      [2 * tall + 1, 772, 20],
    ] as const) {
      if (rows < 1 || inner < 4 || columns < 4) continue;
      const id = `${rows}x${inner}x${columns}`;
      const x = made.input(`x ${id}`, randomValues(rows * inner, rows), rows, inner);
      const w = made.resident(`w ${id}`, randomValues(inner * columns, columns), inner, columns);
      const bias = made.resident(`bias ${id}`, randomValues(columns, inner), columns);
      made.graph.add(`matmul ${id}`, matmulAs(plan), [x, w, bias], {});
    }
    const x = made.input("x", randomValues(3 * 64, 1), 3, 64);
    const w = made.resident("w", randomValues(64 * 60, 2), 64, 60);
    const bias = made.resident("bias", randomValues(60, 3), 60);
    const first = made.graph.add("columns", matmulAs(plan), [x, w, bias], {
      columns: [0, 24],
      place: { width: 60, from: 36 },
    });
    made.graph.add(
      "more columns",
      matmulAs(plan),
      [x, w, bias],
      { columns: [24, 60], place: { width: 60, from: 0 } },
      first,
    );
    const { rows, bounds } = pack(device, { lengths: [1, 2, tall + 1, 1], heads: 1, surplus: 2 });
    const y = made.input("conv x", randomValues(rows * 36, 36), rows, 36);
    const v = made.resident("conv w", randomValues(3 * 36 * 36, 3), 3 * 36, 36);
    const offset = made.resident("conv bias", randomValues(36, 3), 36);
    made.graph.add("conv", conv1dAs(plan), [y, v, offset, made.input("bounds", bounds, rows, 2)], {
      taps: 3,
      activation: "linear",
    });
    return made;
  },
});

/** A body with weights of a packed type: rows off its tile, K off its steps, all columns and some. */
export const packedBodyCase = (plan: MatmulPlan, type: PackedWeights): GraphCase => ({
  name: `weights in ${type[0]} as planned: ${planText(plan)}`,
  tolerance: 3e-5, // as in bodyCase
  build() {
    const made = caseGraph();
    const rows = plan.rows * plan.threads[1] + 1;
    const operands = packedOperands(made, type, [rows, 32 * 11, 36]);
    made.graph.add("product", matmulAs(plan), operands, {});
    made.graph.add("some columns", matmulAs(plan), operands, { columns: [8, 20] });
    return made;
  },
});

export const MATMUL_CASES: readonly GraphCase[] = [sizes, pieces, extremes, ...packed, ...activations];
