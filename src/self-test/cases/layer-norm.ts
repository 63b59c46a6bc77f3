// The four LayerNorm kernels: widths around the threads of a row, padded columns, extreme rows.
import { addLayerNorm, layerNorm, maskedAddLayerNorm, maskedLayerNorm } from "../../kernels/layer-norm.js";
import { type CaseGraph, caseGraph, type GraphCase } from "../case.js";
import { randomValues } from "./random.js";

/** Values of the true columns; zeros in the padding, as the engine keeps them. */
function padRows(data: Float32Array, columns: number, width: number): Float32Array {
  const rows = data.length / columns;
  const padded = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) padded.set(data.subarray(row * columns, (row + 1) * columns), row * width);
  return padded;
}

function operands(made: CaseGraph, id: string, rows: number, columns: number, x?: Float32Array) {
  const width = 4 * Math.ceil(columns / 4);
  const input = (name: string, data: Float32Array) =>
    made.input(`${name} ${id}`, padRows(data, columns, width), data.length / columns, width);
  const vector = (name: string, seed: number) =>
    made.resident(`${name} ${id}`, padRows(randomValues(columns, seed), columns, width), width);
  return {
    x: input("x", x ?? randomValues(rows * columns, columns)),
    residual: input("residual", randomValues(rows * columns, columns + 1)),
    gamma: vector("gamma", 1),
    beta: vector("beta", 2),
  };
}

const widths: GraphCase = {
  name: "one row, odd widths, widths around the threads of a row",
  build() {
    const made = caseGraph();
    for (const [rows, columns] of [
      [1, 4],
      [1, 1],
      [3, 7],
      [2, 16],
      [2, 17],
      [5, 32],
      [3, 36],
      [2, 128],
      [2, 132],
      [1, 1024],
    ] as const) {
      const { x, gamma, beta } = operands(made, `${rows}x${columns}`, rows, columns);
      made.graph.add(`${rows}x${columns}`, layerNorm, [x, gamma, beta], { columns, eps: 1e-7 });
    }
    return made;
  },
};

const variants: GraphCase = {
  name: "with residual, with dropped rows, with both",
  build() {
    const made = caseGraph();
    const attrs = { columns: 42, eps: 1e-2 };
    const { x, residual, gamma, beta } = operands(made, "", 5, 42);
    const keepRows = made.input("keepRows", Float32Array.of(1, 0, 1, 1, 0), 5);
    made.graph.add("add", addLayerNorm, [x, gamma, beta, residual], attrs);
    made.graph.add("masked", maskedLayerNorm, [x, gamma, beta, keepRows], attrs);
    made.graph.add("masked add", maskedAddLayerNorm, [x, gamma, beta, residual, keepRows], attrs);
    return made;
  },
};

const extremes: GraphCase = {
  name: "constant rows, zeros, outliers",
  build() {
    const made = caseGraph();
    const rows = [
      new Float32Array(36),
      new Float32Array(36).fill(5),
      randomValues(36, 1).fill(1e4, 3, 4),
      randomValues(36, 2).fill(-1e15, 35, 36),
      randomValues(36, 3, 1e-6),
      randomValues(36, 4, 1e15),
    ];
    const { x, gamma, beta } = operands(made, "", rows.length, 36, Float32Array.from(rows.flatMap((row) => [...row])));
    made.graph.add("extremes", layerNorm, [x, gamma, beta], { columns: 36, eps: 1e-7 });
    return made;
  },
};

const offset: GraphCase = {
  name: "small differences on a large mean",
  // x = 1000 ± 1 is stored to 3e-5 of the differences that count; a one-pass variance would lose them altogether.
  tolerance: 3e-4,
  build() {
    const made = caseGraph();
    const data = randomValues(3 * 132, 7).map((value) => value + 1000);
    const { x, gamma, beta } = operands(made, "", 3, 132, data);
    made.graph.add("offset", layerNorm, [x, gamma, beta], { columns: 132, eps: 1e-7 });
    return made;
  },
};

export const LAYER_NORM_CASES: readonly GraphCase[] = [widths, variants, extremes, offset];
