// gatherRows and conv1d: kernels that read other rows than their own.
import { conv1d, maskedConv1d } from "../../kernels/conv1d.js";
import { gatherAddRows, gatherRows } from "../../kernels/gather-rows.js";
import { packWeights } from "../../kernels/pack-weights.js";
import { caseGraph, type GraphCase } from "../case.js";
import { pack } from "./packed.js";
import { randomValues } from "./random.js";

const gather: GraphCase = {
  name: "gatherRows: any order, repeated, wider than a workgroup",
  tolerance: 1e-7, // at most one sum
  build() {
    const made = caseGraph();
    for (const width of [4, 252, 256, 260]) {
      const x = made.input(`x ${width}`, randomValues(5 * width, width), 5, width);
      made.graph.add(`one ${width}`, gatherRows, [x, made.input(`one of ${width}`, Uint32Array.of(4), 1)], {});
      const rows = made.input(`some of ${width}`, Uint32Array.of(3, 0, 0, 4, 1, 2, 2), 7);
      made.graph.add(`some ${width}`, gatherRows, [x, rows], {});
      const added = made.input(`added ${width}`, randomValues(7 * width, 9), 7, width);
      made.graph.add(`add ${width}`, gatherAddRows, [x, rows, added], {});
    }
    return made;
  },
};

const convolutions: GraphCase = {
  name: "conv1d: sequences keep to themselves, dropped rows, surplus rows",
  build(device) {
    const made = caseGraph();
    for (const [D, taps] of [
      [4, 3],
      [20, 1],
      [12, 5],
      [36, 3],
    ] as const) {
      const { rows, bounds } = pack(device, { lengths: [1, 2, 9, 17, 1], heads: 1, surplus: 2 });
      const id = `${D} columns, ${taps} taps`;
      const x = made.input(`x ${id}`, randomValues(rows * D, D), rows, D);
      const w = made.resident(`w ${id}`, randomValues(taps * D * D, taps), taps * D, D);
      const bias = made.resident(`bias ${id}`, randomValues(D, 3), D);
      const limits = made.input(`bounds ${id}`, bounds, rows, 2);
      const keep = Float32Array.from({ length: rows }, (_, row) => (row % 3 === 1 ? 0 : 1));
      made.graph.add(id, conv1d, [x, w, bias, limits], { taps, activation: "tanh" });
      const attrs = { taps, activation: "gelu" } as const;
      made.graph.add(`masked ${id}`, maskedConv1d, [x, w, bias, limits, made.input(`keep ${id}`, keep, rows)], attrs);
    }
    return made;
  },
};

const grouped: readonly GraphCase[] = [2, 4, 12].map((groups) => ({
  name: `conv1d in ${groups} groups, from the file's weight`,
  build(device) {
    const made = caseGraph();
    const [D, taps] = [12, 3];
    const { rows, bounds } = pack(device, { lengths: [1, 3], heads: 1 });
    const file = new Uint32Array(randomValues((D * D * taps) / groups, groups).buffer as ArrayBuffer);
    const axis = { size: D, group: D, padded: D };
    const into = { rows: taps * D, columns: D, from: 0 };
    const w = made.graph.add("weight", packWeights, [made.input("file", file, file.length)], {
      dtype: "F32",
      layout: { kind: "conv", taps, groups },
      input: axis,
      output: axis,
      scale: 1,
      into,
    });
    const x = made.input("x", randomValues(rows * D, 8), rows, D);
    const bias = made.input("bias", randomValues(D, 9), D);
    made.graph.add("y", conv1d, [x, w, bias, made.input("bounds", bounds, rows, 2)], { taps, activation: "linear" });
    return made;
  },
}));

export const ROW_CASES: readonly GraphCase[] = [gather, convolutions, ...grouped];
