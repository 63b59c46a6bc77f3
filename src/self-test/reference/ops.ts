// Every kernel again in plain float64: the same operands, attributes and flat layouts, nothing fast.
// A twin writes only what its kernel promises. What it leaves as it was (NaN for a new value) is not promised.
import type { Conv1dAttrs } from "../../kernels/conv1d.js";
import type { LayerNormAttrs } from "../../kernels/layer-norm.js";
import type { MatmulAttrs } from "../../kernels/matmul.js";
import type { PackAttrs, PaddedAxis } from "../../kernels/pack-weights.js";
import type { RelativeProductAttrs } from "../../kernels/relative-products.js";
import type { ScoreAttrs } from "../../kernels/attention-scores.js";
import type { SoftmaxAttrs } from "../../kernels/softmax.js";
import type { ValueAttrs } from "../../kernels/attention-values.js";
import { SCORE_ROW_FIELDS } from "../../kernels/softmax.js";
import { TILE_FIELDS } from "../../kernels/attention-scores.js";
import { lastOf, rowsOf } from "../../kernels/kernel.js";
import { activate } from "./activations.js";
import { EXTRACTION_TWINS } from "./extraction-ops.js";
import type { Tensor, Twin } from "./twin.js";

const ceil4 = (n: number): number => 4 * Math.ceil(n / 4);

/** One record per entry of a u32 table. */
function entries<const Fields extends readonly string[]>(
  table: Tensor,
  fields: Fields,
): Record<Fields[number], number>[] {
  return Array.from(
    { length: table.data.length / fields.length },
    (_, entry) =>
      Object.fromEntries(fields.map((field, i) => [field, table.data[entry * fields.length + i]!])) as Record<
        Fields[number],
        number
      >,
  );
}

const slotOf = (slots: Tensor, reach: number, distance: number): number =>
  slots.data[Math.min(Math.max(distance, -reach), reach) + reach]!;

function dot(a: Tensor, atA: number, b: Tensor, atB: number, count: number): number {
  let sum = 0;
  for (let c = 0; c < count; c++) sum += a.data[atA + c]! * b.data[atB + c]!;
  return sum;
}

const product: Twin<MatmulAttrs> = ({ x, w, bias, residual }, { activation = "linear", columns, place }, y) => {
  const [K, N] = [lastOf(x!.type), lastOf(w!.type)];
  const [from, to] = columns ?? [0, N];
  const width = place?.width ?? to - from;
  for (let row = 0; row < rowsOf(x!.type); row++) {
    for (let n = from; n < to; n++) {
      let sum = bias!.data[n]!;
      for (let k = 0; k < K; k++) sum += x!.data[row * K + k]! * w!.data[k * N + n]!;
      const at = row * width + (place?.from ?? 0) + n - from;
      y[at] = activate(activation, sum) + (residual?.data[at] ?? 0);
    }
  }
};

const norm: Twin<LayerNormAttrs> = ({ x, gamma, beta, residual, keepRows }, { columns, eps }, y) => {
  const width = lastOf(x!.type);
  for (let row = 0; row < rowsOf(x!.type); row++) {
    const keep = keepRows?.data[row] ?? 1;
    const s = Array.from(
      { length: columns },
      (_, c) => x!.data[row * width + c]! + (residual?.data[row * width + c] ?? 0),
    );
    const mean = s.reduce((sum, value) => sum + value, 0) / columns;
    const variance = s.reduce((sum, value) => sum + (value - mean) ** 2, 0) / columns;
    for (let c = 0; c < width; c++) {
      // 0 · mean: a row of which nothing is promised promises nothing in its padding either.
      const centred = c < columns ? (s[c]! - mean) / Math.sqrt(variance + eps) : 0 * mean;
      y[row * width + c] = keep * (centred * gamma!.data[c]! + beta!.data[c]!);
    }
  }
};

const softmax: Twin<SoftmaxAttrs> = ({ rows }, { heads }, y) => {
  for (const { score, headStride, length } of entries(rows!, SCORE_ROW_FIELDS)) {
    for (let head = 0; head < heads; head++) {
      const row = y.subarray(score + head * headStride, score + head * headStride + ceil4(length));
      const largest = Math.max(...row.subarray(0, length));
      const e = Array.from(row.subarray(0, length), (value) => Math.exp(value - largest));
      const sum = e.reduce((total, value) => total + value, 0);
      row.fill(0).set(e.map((value) => value / sum));
    }
  }
};

const MASKED = -1e30;

const scores: Twin<ScoreAttrs> = ({ query, key, tiles, slots, posK, posQ, qp, kp, mask }, attrs, y) => {
  const { heads, headWidth, queryFrom, keyFrom, content = true, c2p, p2c, reach } = attrs;
  const D = heads * headWidth;
  for (const tile of entries(tiles!, TILE_FIELDS)) {
    const allowed = (i: number, j: number): boolean =>
      !mask || ((mask.data[tile.mask + i * tile.maskStride + (j >> 5)]! >>> (j & 31)) & 1) === 1;
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < tile.queryCount; i++) {
        const q = (tile.queryRow + i) * lastOf(query!.type) + queryFrom + head * headWidth;
        for (let j = tile.keyColumn; j < tile.length; j++) {
          const k = (tile.keyRow + j) * lastOf(key!.type) + keyFrom + head * headWidth;
          let sum = content ? dot(query!, q, key!, k, headWidth) : 0;
          if (slots) {
            const slot = slotOf(slots, reach, tile.column + i - j);
            const p = slot * D + head * headWidth;
            if (c2p && posK) sum += dot(query!, q, posK, p, headWidth);
            if (p2c && posQ) sum += dot(key!, k, posQ, p, headWidth);
            if (c2p && qp)
              sum += qp.data[((tile.queryRow + i - attrs.firstQuery) * heads + head) * attrs.slots + slot]!;
            if (p2c && kp) sum += kp.data[((tile.keyRow + j) * heads + head) * attrs.slots + slot]!;
          }
          y[tile.score + head * tile.headStride + i * ceil4(tile.length) + j] = allowed(i, j) ? sum : MASKED;
        }
      }
    }
  }
};

const values: Twin<ValueAttrs> = ({ probabilities, value, tiles }, { heads, headWidth, valueFrom }, y) => {
  for (const tile of entries(tiles!, TILE_FIELDS)) {
    for (let head = 0; head < heads; head++) {
      for (let i = 0; i < tile.queryCount; i++) {
        for (let c = 0; c < headWidth; c++) {
          let sum = 0;
          for (let j = 0; j < tile.length; j++) {
            const p = probabilities!.data[tile.score + head * tile.headStride + i * ceil4(tile.length) + j]!;
            sum += p * value!.data[(tile.keyRow + j) * lastOf(value!.type) + valueFrom + head * headWidth + c]!;
          }
          y[(tile.queryRow + i) * heads * headWidth + head * headWidth + c] = sum;
        }
      }
    }
  }
};

const relativeProducts: Twin<RelativeProductAttrs> = ({ query, key, slots, bounds }, attrs, y) => {
  const { heads, headWidth, queryFrom, rows, reach, sign } = attrs;
  const S = key!.type.shape[0]!;
  for (let row = rows[0]; row < rows[1]; row++) {
    const [first, end] = [bounds!.data[2 * row]!, bounds!.data[2 * row + 1]!];
    for (let other = first; other < end; other++) {
      const slot = slotOf(slots!, reach, sign * (row - other));
      for (let head = 0; head < heads; head++) {
        const q = row * lastOf(query!.type) + queryFrom + head * headWidth;
        const k = (slot * heads + head) * headWidth;
        y[((row - rows[0]) * heads + head) * S + slot] = dot(query!, q, key!, k, headWidth);
      }
    }
  }
};

const convolution: Twin<Conv1dAttrs> = ({ x, w, bias, bounds, keepRows }, { taps, activation }, y) => {
  const D = lastOf(x!.type);
  for (let row = 0; row < rowsOf(x!.type); row++) {
    for (let n = 0; n < D; n++) {
      let sum = bias!.data[n]!;
      for (let tap = 0; tap < taps; tap++) {
        const neighbour = row + tap - (taps - 1) / 2;
        if (neighbour < bounds!.data[2 * row]! || neighbour >= bounds!.data[2 * row + 1]!) continue;
        for (let c = 0; c < D; c++) sum += x!.data[neighbour * D + c]! * w!.data[(tap * D + c) * D + n]!;
      }
      y[row * D + n] = activate(activation, sum * (keepRows?.data[row] ?? 1));
    }
  }
};

const gatherRows: Twin<object> = ({ x, rows, added }, _, y) => {
  const D = lastOf(x!.type);
  for (let r = 0; r < rows!.data.length; r++) {
    for (let c = 0; c < D; c++) y[r * D + c] = x!.data[rows!.data[r]! * D + c]! + (added?.data[r * D + c] ?? 0);
  }
};

/** An f16 number from its bits. */
export function halfFloat(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** For each position of the padded axis its position in the file's axis, or undefined for padding. */
function unpadded({ size, group, padded }: PaddedAxis): (number | undefined)[] {
  return Array.from({ length: (size / group) * padded }, (_, at) =>
    at % padded < group ? Math.floor(at / padded) * group + (at % padded) : undefined,
  );
}

const packWeights: Twin<PackAttrs> = ({ file }, { dtype, layout, input, output, scale, scales, into }, y) => {
  const bytes = new DataView(Uint32Array.from(file!.data).buffer);
  const float = (type: PackAttrs["dtype"], from: number, index: number): number => {
    if (type === "F32") return bytes.getFloat32(from + 4 * index, true);
    const bits = bytes.getUint16(from + 2 * index, true);
    if (type === "F16") return halfFloat(bits);
    return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
  };
  const element = (index: number): number => {
    if (!scales) return float(dtype, 0, index);
    const integer =
      dtype === "I8" ? bytes.getInt8(index) : ((bytes.getUint8(index >> 1) >> (4 * (index % 2))) & 15) - 8;
    const perRow = Math.ceil(scales.row / scales.each);
    const at = Math.floor(index / scales.row) * perRow + Math.floor((index % scales.row) / scales.each);
    return integer * float(scales.dtype, 4 * scales.at, at);
  };
  const [inputs, outputs] = [unpadded(input), unpadded(output)];
  const groups = "groups" in layout ? layout.groups : 1;
  const [perInput, perOutput] = [input.size / groups, output.size / groups];
  const source = (i: number, o: number, tap: number): number | undefined => {
    if (layout.kind === "linear") return o * input.size + i;
    if (layout.kind === "transposed") return i * output.size + o;
    if (Math.floor(i / perInput) !== Math.floor(o / perOutput)) return undefined;
    if (layout.kind === "convTransposed") return (tap * perInput + (i % perInput)) * output.size + o;
    return (o * perInput + (i % perInput)) * layout.taps + tap;
  };
  const skip = layout.kind === "linear" ? (layout.skip ?? 0) : 0;
  for (let row = 0; row < into.rows; row++) {
    const i = inputs[(skip + row) % inputs.length];
    outputs.forEach((o, column) => {
      const at = i === undefined || o === undefined ? undefined : source(i, o, Math.floor(row / inputs.length));
      y[row * into.columns + into.from + column] = at === undefined ? 0 : element(at) * scale;
    });
  }
};

/** The twins by kernel name, which also tells the type of the attributes. */
export const TWINS: Readonly<Record<string, Twin<never>>> = {
  matmul: product,
  addMatmul: product,
  layerNorm: norm,
  addLayerNorm: norm,
  maskedLayerNorm: norm,
  maskedAddLayerNorm: norm,
  softmax,
  attentionScores: scores,
  attentionScoresMasked: scores,
  attentionScoresGather: scores,
  attentionScoresGatherMasked: scores,
  attentionValues: values,
  relativeProducts,
  conv1d: convolution,
  maskedConv1d: convolution,
  gatherRows,
  gatherAddRows: gatherRows,
  packWeights,
  ...EXTRACTION_TWINS,
};
