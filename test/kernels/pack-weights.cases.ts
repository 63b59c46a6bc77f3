// packWeights: every layout and element type, odd head sizes, tensors side by side.
import {
  type FileLayout,
  type PackAttrs,
  type PackedDType,
  packWeights,
  type PaddedAxis,
} from "../../src/kernels/pack-weights.js";
import { type CaseGraph, caseGraph, type GraphCase } from "../support/cases.js";
import { randomValues } from "../support/random.js";

const axis = (size: number, group: number = size): PaddedAxis => ({ size, group, padded: 4 * Math.ceil(group / 4) });
const paddedSize = ({ size, group, padded }: PaddedAxis): number => (size / group) * padded;

/** `count` random numbers as they lie in a file, filled up to whole words. */
function fileWords(dtype: PackedDType, count: number, seed: number): Uint32Array {
  const values = randomValues(count, seed);
  if (dtype === "F32") return new Uint32Array(values.buffer as ArrayBuffer);
  const words = new Uint32Array(Math.ceil(count / 2));
  const halves = new Uint16Array(words.buffer);
  // The upper half of f32 is bf16; random bits with a middling exponent are an f16 between 2⁻⁵ and 2.
  const bits = new Uint32Array(values.buffer as ArrayBuffer);
  for (let i = 0; i < count; i++)
    halves[i] = dtype === "BF16" ? bits[i]! >>> 16 : (bits[i]! & 0x83ff) | ((10 + (i % 6)) << 10);
  return words;
}

function add(made: CaseGraph, name: string, elements: number, attrs: PackAttrs, into?: ReturnType<CaseGraph["input"]>) {
  const words = fileWords(attrs.dtype, elements, elements);
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
  [{ kind: "transposed" }, 17 * 42, 20, axis(17), axis(42, 14)],
  [{ kind: "conv", taps: 3, groups: 1 }, 3 * 17 * 17, 60, axis(17), axis(17)],
  [{ kind: "conv", taps: 5, groups: 3 }, 5 * 5 * 15, 80, axis(15), axis(15)],
  [{ kind: "convTransposed", taps: 3 }, 3 * 17 * 17, 60, axis(17), axis(17)],
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

export const PACK_CASES: readonly GraphCase[] = [...layouts, sideBySide, manyRows];
