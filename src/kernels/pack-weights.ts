// Converts one tensor of a checkpoint, as its bytes lie in the file, to the layout and type that the kernels read.
import { byteLength, expectShape, expectVec4, type Kernel, type PackedType, Q4_BLOCK } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./pack-weights.wgsl?raw";
import kept from "./pack-kept.wgsl?raw";
import q4Body from "./pack-q4.wgsl?raw";
import q4Found from "./pack-q4-found.wgsl?raw";
import q8Body from "./pack-q8.wgsl?raw";
import q8Found from "./pack-q8-found.wgsl?raw";
import rowsBody from "./pack-rows.wgsl?raw";

/**
 * Element types that are decoded on the GPU; the loader turns F64 into F32 on the way. I8 and I4 (eight to a word, less 8) are
 * quantised tensors, whose scales follow the elements.
 */
export type PackedDType = "F32" | "F16" | "BF16" | "I8" | "I4";

/** Scales of a quantised tensor: `each` of how many elements of a row of the file share one, and where they begin. */
export interface FileScales {
  readonly dtype: "F32" | "F16" | "BF16";
  /** Elements of one row of the file: all but its first axis. */
  readonly row: number;
  /** Elements of a row that share a scale. */
  readonly each: number;
  /** The word of `file` at which the scales [rows, row / each] begin. */
  readonly at: number;
}

/** One axis: `size` elements in groups of `group` (heads), each padded to `padded` (a multiple of 4). */
export interface PaddedAxis {
  /** Elements in the file. */
  readonly size: number;
  /** Elements of a group; divides `size`. */
  readonly group: number;
  /** Elements of a group on the device. */
  readonly padded: number;
}

/** Elements of an axis once padded. */
export function paddedSize({ size, group, padded }: PaddedAxis): number {
  return (size / group) * padded;
}

/** How a tensor lies in its file. */
export type FileLayout =
  | {
      /** `[out, in]`, torch's linear layers; a vector is `[out, 1]`. */
      readonly kind: "linear";
      /** The result begins with this row of the packed tensor, so that a layer over `[a | b]` is packed as one for a and one for b. */
      readonly skip?: number;
    }
  | {
      /** `[in, out]`, TensorFlow's dense layers, and tables that are used as they are. */
      readonly kind: "transposed";
    }
  | {
      /** `[out, in / groups, taps]`, torch's conv1d; input rows run over taps, then channels. */
      readonly kind: "conv";
      /** Odd. */
      readonly taps: number;
      /** Divides both sizes. */
      readonly groups: number;
    }
  | {
      /** `[taps, in / groups, out]`, TensorFlow's conv1d. */
      readonly kind: "convTransposed";
      /** Odd. */
      readonly taps: number;
      /** Divides both sizes. */
      readonly groups: number;
    };

/** How one tensor of a file becomes columns of one on the device. */
export interface PackAttrs {
  /** Of the file. */
  readonly dtype: PackedDType;
  /** Of the file. */
  readonly layout: FileLayout;
  /** The axis that is summed over. */
  readonly input: PaddedAxis;
  /** The axis that becomes columns. */
  readonly output: PaddedAxis;
  /** Multiplied into every element (the attention scale is folded into the query projection). */
  readonly scale: number;
  /** Of I8 and I4. */
  readonly scales?: FileScales;
  /** Type and shape of the whole result and the first column that this tensor fills: q, k, v lie side by side. */
  readonly into: {
    /** Default: f32. */
    readonly dtype?: "f32" | PackedType;
    /** Rows of the result. */
    readonly rows: number;
    /** Columns of the result. */
    readonly columns: number;
    /** The first column of this tensor. */
    readonly from: number;
  };
}

const FLOATS: Record<FileScales["dtype"], (name: string) => string> = {
  F32: (name) => `fn ${name}(index: u32) -> f32 { return bitcast<f32>(file[index]); }`,
  // By integers: unpack2x16float may take what is below 2⁻¹⁴ for zero.
  F16: (name) => `fn ${name}(index: u32) -> f32 {
  let bits = file[index / 2] >> (16 * (index % 2));
  let size = bits & 0x7fff;
  let value = select(bitcast<f32>((size << 13) + 0x38000000), f32(size) * 0x1p-24, size < 0x400);
  return select(value, -value, (bits & 0x8000) != 0);
}`,
  BF16: (name) =>
    `fn ${name}(index: u32) -> f32 { return bitcast<f32>((file[index / 2] >> (16 * (index % 2))) << 16); }`,
};

/** `element(index)` of the file: a float, or an integer times its scale. */
function elementSource(dtype: PackedDType, scales: FileScales | undefined): string {
  if (dtype !== "I8" && dtype !== "I4") return FLOATS[dtype]("element");
  const { dtype: scaleType, each, row } = scales!;
  const integer =
    dtype === "I8"
      ? `extractBits(i32(file[index / 4]), 8 * (index % 4), 8)`
      : `i32(extractBits(file[index / 8], 4 * (index % 8), 4)) - 8`;
  const part = each < row ? ` * ${Math.ceil(row / each)}u + index % params.fileRow / ${each}u` : "";
  return `${FLOATS[scaleType]("scaleAt")}
fn scaleOf(index: u32) -> f32 { return scaleAt(params.fileScales + index / params.fileRow${part}); }
fn integer(index: u32) -> i32 { return ${integer}; }
fn element(index: u32) -> f32 { return f32(integer(index)) * scaleOf(index); }`;
}

/** Where integers of a file may stay as they are. */
const SAME_INTEGERS: Readonly<Partial<Record<PackedDType, PackedType>>> = { I8: "q8", I4: "q4" };

/**
 * Whether a tensor's integers and scales lie on the device as they are in the file: where its scales are those of whole columns (I8),
 * or, in f16, of every 32 rows of a column (I4). Others cannot be stored in as many bits without another rounding.
 */
export function keepsIntegers(
  dtype: PackedDType,
  layout: FileLayout,
  input: PaddedAxis,
  scales: Pick<FileScales, "dtype" | "row" | "each"> | undefined,
): boolean {
  if (!scales || (layout.kind !== "linear" && layout.kind !== "conv")) return false;
  if (dtype === "I8") return scales.each >= scales.row;
  const isAligned = layout.kind === "linear" && input.group === input.padded && (layout.skip ?? 0) % Q4_BLOCK === 0;
  return isAligned && scales.dtype === "F16" && scales.each % Q4_BLOCK === 0;
}

/** What writes the result: its binding, and for rows of vec4 how one is put, and the factor of its columns. */
const WRITE: Record<"f32" | PackedType, string[]> = {
  f32: [
    rowsBody,
    `@group(0) @binding(0) var<storage, read_write> w: array<vec4f>;
fn put(at: u32, value: vec4f) { w[at] = value * params.scale; }
fn putScale(first: u32, column: u32) {}`,
  ],
  f16: [rowsBody, packedRows("pack2x16float(value.xy), pack2x16float(value.zw)")],
  bf16: [
    rowsBody,
    packedRows("(bitcast<vec2u>(value.xz) >> vec2u(16)) | (bitcast<vec2u>(value.yw) & vec2u(0xffff0000))"),
  ],
  q8: [q8Body],
  q4: [q4Body],
};

/** What finds scales for integers. */
const FOUND: Readonly<Partial<Record<"f32" | PackedType, string>>> = { q8: q8Found, q4: q4Found };

function integersSource({ dtype, layout, input, scales, into: { dtype: type = "f32" } }: PackAttrs): string[] {
  const isKept = SAME_INTEGERS[dtype] === type && keepsIntegers(dtype, layout, input, scales);
  const source = isKept ? kept : FOUND[type];
  return source === undefined ? [] : [source];
}

function packedRows(words: string): string {
  return `@group(0) @binding(0) var<storage, read_write> w: array<vec2u>;
fn put(at: u32, value: vec4f) { w[at] = vec2u(${words}); }
fn putScale(first: u32, column: u32) {
  let factor = vec2u(bitcast<u32>(params.scale));
  w[first + 2 * column] = factor;
  w[first + 2 * column + 1] = factor;
}`;
}

const CONV_INPUT = `  let channels = params.inPadded;
  let tap = input / channels;
  let channel = input % channels;
  if (channel >= params.inSize) { return NOWHERE; }
  let first = output / (params.outSize / (params.inSize / params.perGroup)) * params.perGroup;
  if (channel < first || channel >= first + params.perGroup) { return NOWHERE; }`;

const SOURCE: Record<FileLayout["kind"], string> = {
  linear: `fn sourceIndex(output: u32, input: u32) -> u32 {
  let i = unpadded(params.inSkip + input, params.inSize, params.inGroup, params.inPadded);
  return select(output * params.inSize + i, NOWHERE, i == NOWHERE);
}`,
  transposed: `fn sourceIndex(output: u32, input: u32) -> u32 {
  let i = unpadded(input, params.inSize, params.inGroup, params.inPadded);
  return select(i * params.outSize + output, NOWHERE, i == NOWHERE);
}`,
  conv: `fn sourceIndex(output: u32, input: u32) -> u32 {
${CONV_INPUT}
  return (output * params.perGroup + channel - first) * params.taps + tap;
}`,
  convTransposed: `fn sourceIndex(output: u32, input: u32) -> u32 {
${CONV_INPUT}
  return (tap * params.perGroup + channel - first) * params.outSize + output;
}`,
};

function grid(dtype: "f32" | PackedType, width: number, rows: number): readonly [number, number, number] {
  if (dtype === "q8") return [width, 1, 1];
  if (dtype === "q4") return [Math.ceil(width / 64), Math.ceil(rows / Q4_BLOCK), 1];
  return [Math.ceil(width / 64), Math.min(rows, 32768), Math.ceil(rows / 32768)];
}

/** file [words] u32 → w [rows, columns] of type `into.dtype`, or its columns from `into.from` on. */
export const packWeights: Kernel<readonly ["file"], PackAttrs> = {
  name: "packWeights",
  operands: ["file"],
  result([file], { into, output }) {
    expectShape("packWeights", "file", file, "u32", [null]);
    expectVec4("packWeights", "the width of the result", into.columns);
    expectVec4("packWeights", "the first column", into.from);
    if (into.from + paddedSize(output) > into.columns)
      throw new RangeError(`packWeights: ${paddedSize(output)} columns from ${into.from} exceed ${into.columns}`);
    const { dtype = "f32", rows, columns } = into;
    if (dtype !== "f32") expectVec4("packWeights", `the height of ${dtype}`, rows);
    return { dtype, shape: rows === 1 ? [columns] : [rows, columns] };
  },
  dispatch(_, attrs) {
    const { dtype, layout, input, output, scale, scales, into } = attrs;
    const width = paddedSize(output) / 4;
    const groups = "groups" in layout ? layout.groups : 1;
    const { dtype: type = "f32", rows } = into;
    return {
      shader: shader(wgsl, {
        file: "pack-weights.wgsl",
        functions: [elementSource(dtype, scales), SOURCE[layout.kind], ...WRITE[type], ...integersSource(attrs)],
      }),
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
        inSkip: layout.kind === "linear" ? (layout.skip ?? 0) : 0,
        taps: "taps" in layout ? layout.taps : 1,
        perGroup: input.size / groups,
        fileRow: scales?.row ?? 0,
        // In elements of the scales' type, as scaleAt counts.
        fileScales: scales ? scales.at * (scales.dtype === "F32" ? 1 : 2) : 0,
        scale,
      },
      workgroups: grid(type, width, rows),
      work: { flops: 0, bytes: byteLength({ dtype: type, shape: [rows, into.columns] }) },
    };
  },
};
