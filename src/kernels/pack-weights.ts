// Converts one tensor of a checkpoint, as its bytes lie in the file, to the layout and type that the kernels read.
import { expectShape, expectVec4, f32, type Kernel } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./pack-weights.wgsl?raw";

/** Element types that are decoded on the GPU; the loader turns F64 into F32 on the way. */
export type PackedDType = "F32" | "F16" | "BF16";

/** One axis: `size` elements in groups of `group` (heads), each padded to `padded` (a multiple of 4). */
export interface PaddedAxis {
  readonly size: number;
  readonly group: number;
  readonly padded: number;
}

/** Elements of an axis once padded. */
export function paddedSize({ size, group, padded }: PaddedAxis): number {
  return (size / group) * padded;
}

/** How a tensor lies in its file. */
export type FileLayout =
  /** [out, in]: torch's linear layers; a vector is [out, 1]. */
  | { readonly kind: "linear" }
  /** [in, out]: TensorFlow's dense layers, and tables that are used as they are. */
  | { readonly kind: "transposed" }
  /** [out, in / groups, taps]: torch's conv1d; input rows run over taps, then channels. */
  | { readonly kind: "conv"; readonly taps: number; readonly groups: number }
  /** [taps, in, out]: TensorFlow's conv1d. */
  | { readonly kind: "convTransposed"; readonly taps: number };

export interface PackAttrs {
  readonly dtype: PackedDType;
  readonly layout: FileLayout;
  readonly input: PaddedAxis;
  readonly output: PaddedAxis;
  /** Multiplied into every element (the attention scale is folded into the query projection). */
  readonly scale: number;
  /** Shape of the whole result and the first column that this tensor fills: q, k, v lie side by side. */
  readonly into: { readonly rows: number; readonly columns: number; readonly from: number };
}

const ELEMENT: Record<PackedDType, string> = {
  F32: `fn element(index: u32) -> f32 { return bitcast<f32>(file[index]); }`,
  F16: `fn element(index: u32) -> f32 { return unpack2x16float(file[index / 2])[index % 2]; }`,
  BF16: `fn element(index: u32) -> f32 { return bitcast<f32>((file[index / 2] >> (16 * (index % 2))) << 16); }`,
};

const CONV_INPUT = `  let channels = params.inPadded;
  let tap = input / channels;
  let channel = input % channels;
  if (channel >= params.inSize) { return NOWHERE; }`;

const SOURCE: Record<FileLayout["kind"], string> = {
  linear: `fn sourceIndex(output: u32, input: u32) -> u32 {
  let i = unpadded(input, params.inSize, params.inGroup, params.inPadded);
  return select(output * params.inSize + i, NOWHERE, i == NOWHERE);
}`,
  transposed: `fn sourceIndex(output: u32, input: u32) -> u32 {
  let i = unpadded(input, params.inSize, params.inGroup, params.inPadded);
  return select(i * params.outSize + output, NOWHERE, i == NOWHERE);
}`,
  conv: `fn sourceIndex(output: u32, input: u32) -> u32 {
${CONV_INPUT}
  let first = output / (params.outSize / (params.inSize / params.perGroup)) * params.perGroup;
  if (channel < first || channel >= first + params.perGroup) { return NOWHERE; }
  return (output * params.perGroup + channel - first) * params.taps + tap;
}`,
  convTransposed: `fn sourceIndex(output: u32, input: u32) -> u32 {
${CONV_INPUT}
  return (tap * params.inSize + channel) * params.outSize + output;
}`,
};

/** file [words] u32 → w [rows, columns] f32, or its columns from `into.from` on. */
export const packWeights: Kernel<readonly ["file"], PackAttrs> = {
  name: "packWeights",
  operands: ["file"],
  result([file], { into, output }) {
    expectShape("packWeights", "file", file, "u32", [null]);
    expectVec4("packWeights", "the width of the result", into.columns);
    expectVec4("packWeights", "the first column", into.from);
    if (into.from + paddedSize(output) > into.columns)
      throw new RangeError(`packWeights: ${paddedSize(output)} columns from ${into.from} exceed ${into.columns}`);
    return into.rows === 1 ? f32(into.columns) : f32(into.rows, into.columns);
  },
  dispatch(_, { dtype, layout, input, output, scale, into }) {
    const width = paddedSize(output) / 4;
    const groups = layout.kind === "conv" ? layout.groups : 1;
    const rows = into.rows;
    return {
      shader: shader(wgsl, { file: "pack-weights.wgsl", functions: [ELEMENT[dtype], SOURCE[layout.kind]] }),
      params: {
        rows,
        width,
        stride: into.columns / 4,
        column: into.from / 4,
        outSize: output.size,
        outGroup: output.group,
        outPadded: output.padded,
        inSize: input.size,
        inGroup: input.group,
        inPadded: input.padded,
        taps: "taps" in layout ? layout.taps : 1,
        perGroup: input.size / groups,
        scale,
      },
      workgroups: [Math.ceil(width / 64), Math.min(rows, 32768), Math.ceil(rows / 32768)],
      work: { flops: 0, bytes: 4 * rows * into.columns },
    };
  },
};
