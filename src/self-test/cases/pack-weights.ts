// packWeights: every layout and element type, odd head sizes, tensors side by side.
import {
  type FileLayout,
  type FileScales,
  type PackAttrs,
  type PackedDType,
  packWeights,
  type PaddedAxis,
} from "../../kernels/pack-weights.js";
import { type CaseGraph, caseGraph, type GraphCase } from "../case.js";
import { floatFile, weightFile } from "./weight-file.js";

const axis = (size: number, group: number = size): PaddedAxis => ({ size, group, padded: 4 * Math.ceil(group / 4) });
const paddedSize = ({ size, group, padded }: PaddedAxis): number => (size / group) * padded;

function add(made: CaseGraph, name: string, elements: number, attrs: PackAttrs, into?: ReturnType<CaseGraph["input"]>) {
  const words = floatFile(attrs.dtype, elements, elements);
  return made.graph.add(name, packWeights, [made.input(`file ${name}`, words, words.length)], attrs, into);
}

const DTYPES: readonly PackedDType[] = ["F32", "F16", "BF16"];

/** An odd input axis; an output axis of three heads of 14. */
const LAYOUTS: readonly (readonly [
  layout: FileLayout,
  elements: number,
  rows: number,
  input: PaddedAxis,
  output: PaddedAxis,
])[] = [
  [{ kind: "linear" }, 17 * 42, 20, axis(17), axis(42, 14)],
  [{ kind: "linear" }, 42 * 17, 48, axis(42, 14), axis(17)],
  [{ kind: "linear", skip: 32 }, 42 * 17, 16, axis(42, 14), axis(17)],
  [{ kind: "transposed" }, 17 * 42, 20, axis(17), axis(42, 14)],
  [{ kind: "conv", taps: 3, groups: 1 }, 3 * 17 * 17, 60, axis(17), axis(17)],
  [{ kind: "conv", taps: 5, groups: 3 }, 5 * 5 * 15, 80, axis(15), axis(15)],
  [{ kind: "convTransposed", taps: 3, groups: 1 }, 3 * 17 * 17, 60, axis(17), axis(17)],
  [{ kind: "convTransposed", taps: 5, groups: 3 }, 5 * 5 * 15, 80, axis(15), axis(15)],
];

const layouts: readonly GraphCase[] = DTYPES.map((dtype) => ({
  name: `${dtype} in every layout`,
  tolerance: 1e-7, // one product
  build() {
    const made = caseGraph();
    LAYOUTS.forEach(([layout, elements, rows, input, output], i) => {
      const into = { rows, columns: paddedSize(output), from: 0 };
      add(made, `${layout.kind} ${i}`, elements, { dtype, layout, input, output, scale: 0.3, into });
    });
    const vector = { input: axis(1), output: axis(42, 14), layout: { kind: "linear" } } as const;
    add(made, "vector", 42, { dtype, ...vector, scale: 1, into: { rows: 1, columns: 48, from: 0 } });
    return made;
  },
}));

/** Every subnormal half and the first that are normal, both signs, in rows of equal size; and the largest. */
const halves: GraphCase = {
  name: "F16 exactly, below its normal range and at the end of it",
  tolerance: 0,
  build() {
    const made = caseGraph();
    const pack = (name: string, bits: Uint16Array, columns: number) => {
      const words = new Uint32Array(bits.buffer as ArrayBuffer);
      const [input, output] = [axis(bits.length / columns), axis(columns)];
      const attrs = { dtype: "F16", layout: { kind: "transposed" }, input, output, scale: 1 } as const;
      const file = made.input(`file ${name}`, words, words.length);
      made.graph.add(name, packWeights, [file], { ...attrs, into: { rows: input.size, columns, from: 0 } });
    };
    pack(
      "small",
      Uint16Array.from({ length: 4096 }, (_, i) => (i >> 1) | ((i % 2) << 15)),
      4,
    );
    pack("large", Uint16Array.of(0x7bff, 0xfbff, 0x7c00 - 2, 0x3c00), 4);
    return made;
  },
};

const sideBySide: GraphCase = {
  name: "q, k, v side by side in one value",
  tolerance: 1e-7,
  build() {
    const made = caseGraph();
    const shared = { layout: { kind: "linear" }, input: axis(18), output: axis(18, 6) } as const;
    const into = (from: number) => ({ rows: 20, columns: 72, from });
    const q = add(made, "q", 324, { dtype: "F32", ...shared, scale: 0.5, into: into(0) });
    const v = add(made, "v", 324, { dtype: "F16", ...shared, scale: 1, into: into(48) }, q);
    add(made, "k", 324, { dtype: "BF16", ...shared, scale: 1, into: into(24) }, v);
    return made;
  },
};

const manyRows: GraphCase = {
  name: "more rows than one dimension of the grid takes",
  tolerance: 1e-7,
  build() {
    const made = caseGraph();
    const rows = 32768 * 2 + 3;
    const attrs = {
      dtype: "BF16",
      layout: { kind: "transposed" },
      input: axis(rows),
      output: axis(3),
      scale: 1,
    } as const;
    add(made, "table", rows * 3, { ...attrs, into: { rows, columns: 4, from: 0 } });
    return made;
  },
};

/**
 * What rounding to a type costs at most, as a share of the row: half a step of q8, a whole one of q4 (at the end of the range
 * opposite to the extreme), times 4, as a row may hold nothing as large as what sets the step.
 */
const ROUNDING = { f16: 2 ** -11, bf16: 2 ** -7, q8: 4 * (0.5 / 127), q4: 4 * (1 / 8) } as const;
const PACKED = ["f16", "bf16", "q8", "q4"] as const;

const packedTypes: readonly GraphCase[] = PACKED.map((dtype) => ({
  name: `${dtype}: rounding of F32, in every layout, two tensors side by side`,
  tolerance: ROUNDING[dtype],
  build() {
    const made = caseGraph();
    LAYOUTS.forEach(([layout, elements, rows, input, output], i) => {
      const columns = paddedSize(output);
      const attrs = { dtype: "F32", layout, input, output, scale: 0.3 } as const;
      const into = { dtype, rows, columns: 2 * columns, from: columns };
      const right = add(made, `${layout.kind} ${i} right`, elements, { ...attrs, into });
      add(made, `${layout.kind} ${i}`, elements, { ...attrs, into: { ...into, from: 0 } }, right);
    });
    return made;
  },
}));

const quantised: readonly GraphCase[] = (["I8", "I4"] as const).flatMap((dtype) =>
  (["f32", dtype === "I8" ? "q8" : "q4"] as const).map((type) => ({
    name: `${dtype} with scales, as ${type}: the file's own numbers`,
    tolerance: 1e-6, // two products
    build() {
      const made = caseGraph();
      const file = weightFile(dtype, 24, 96);
      const add = (
        name: string,
        layout: FileLayout,
        input: PaddedAxis,
        output: PaddedAxis,
        scales: FileScales,
        rows = 96,
      ) => {
        const into = { dtype: type, rows, columns: paddedSize(output), from: 0 };
        const attrs = { dtype, layout, input, output, scale: 0.7, scales, into };
        made.graph.add(name, packWeights, [made.input(`file ${name}`, file.words, file.words.length)], attrs);
      };
      const scales = file.scales!;
      add("matrix", { kind: "linear" }, axis(96), axis(24), scales);
      add("its last inputs", { kind: "linear", skip: 64 }, axis(96), axis(24), scales, 32);
      add("odd heads", { kind: "linear" }, axis(96), axis(18, 6), scales);
      if (dtype === "I4") add("a scale for 96 inputs", { kind: "linear" }, axis(96), axis(24), { ...scales, each: 96 });
      if (dtype === "I8") {
        add("odd heads of inputs", { kind: "linear" }, axis(96, 6), axis(24), scales, 128);
        add("conv", { kind: "conv", taps: 3, groups: 2 }, axis(64), axis(24), scales, 192);
      }
      return made;
    },
  })),
);

export const PACK_CASES: readonly GraphCase[] = [
  ...layouts,
  halves,
  sideBySide,
  manyRows,
  ...packedTypes,
  ...quantised,
];
