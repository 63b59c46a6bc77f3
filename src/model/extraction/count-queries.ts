// GLiNER2: from the vectors of a schema's fields to a query for every field and instance. A GRU counts (its inputs are learnt
// positions, its start the fields), a projector of one of three kinds makes queries of its states. One instance, one step.
import { gatherAddRows } from "../../kernels/gather-rows.js";
import { groupAttention } from "../../kernels/group-attention.js";
import { gruStep } from "../../kernels/gru-step.js";
import { f32, padded, u32 } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import { sumMatmul } from "../../kernels/pair-matmul.js";
import type { PaddedAxis } from "../../kernels/pack-weights.js";
import { addScaledRows, scaleRows } from "../../kernels/scale-rows.js";
import { SCORE_ROW_FIELDS, softmax } from "../../kernels/softmax.js";
import type { Value } from "../../runtime/graph.js";
import type { Builder, Part } from "../deberta/layers.js";
import { NO_AXIS, plainAxis } from "../deberta/sizes.js";
import { noBias, overConcatenated, sideBySide, weightColumns } from "./dense.js";
import type { CountingLayer } from "./gliner2-config.js";

/** Rows of the table of positions: instances that are counted, 0 to 19. */
export const COUNTS = 20;
const PREFIX = "count_embed";
/** Of count_lstm_v2's transformer. */
const [INNER, HEADS, FEED_FORWARD, EPS] = [128, 4, 256, 1e-5];
const EXPERTS = 4;

/** Tables that the queries of `rows` fields need: `bounds` says for each the first and end row of its schema. */
export function queryTables(bounds: Uint32Array): Record<string, Uint32Array> {
  const rows = bounds.length / 2;
  return {
    bounds,
    fieldRows: Uint32Array.from({ length: rows }, (_, row) => row),
    gates: Uint32Array.from({ length: 3 * rows }, (_, at) => [EXPERTS * Math.floor(at / 3), 0, EXPERTS][at % 3]!),
  };
}

/** fields [F, D] → the queries [F, D] of each of `steps` instances. */
export function countQueries(b: Builder, layer: CountingLayer, fields: Value, steps: number): Value[] {
  const { graph } = b;
  const D = b.config.hiddenSize;
  const input = plainAxis(D);
  const gru = (kind: "ih" | "hh") => {
    const part = (tensor: string, shape: readonly number[], axis: PaddedAxis): Part => {
      const common = { layout: { kind: "linear" }, output: sideBySide(3, D), scale: 1, from: 0 } as const;
      return { ...common, tensor: `${PREFIX}.gru.${tensor}_${kind}_l0`, shape, input: axis };
    };
    const width = 3 * padded(D, 4);
    const weight = b.resident(`gru.${kind}`, f32(padded(D, 4), width), [part("weight", [3 * D, D], input)]);
    const bias = b.resident(`gru.${kind}.bias`, f32(width), [part("bias", [3 * D], NO_AXIS)]);
    return { weight, bias };
  };
  const [ih, hh] = [gru("ih"), gru("hh")];
  const positions = b.resident("positions", f32(COUNTS, padded(D, 4)), [
    {
      tensor: `${PREFIX}.pos_embedding.weight`,
      shape: [COUNTS, D],
      layout: { kind: "transposed" },
      input: { size: COUNTS, group: COUNTS, padded: COUNTS },
      output: input,
      scale: 1,
      from: 0,
    },
  ]);
  const inputs = graph.add("gru.inputs", matmul, [positions, ih.weight, ih.bias], {});
  let h = fields;
  return Array.from({ length: steps }, (_, step) =>
    graph.scope(`instance.${step}`, () => {
      const hidden = graph.add("gru.hidden", matmul, [h, hh.weight, hh.bias], {});
      h = graph.add("gru", gruStep, [inputs, hidden, h], { step });
      return PROJECTORS[layer](b, h, fields);
    }),
  );
}

const PROJECTORS: Readonly<Record<CountingLayer, (b: Builder, h: Value, fields: Value) => Value>> = {
  count_lstm(b, h, fields) {
    const D = b.config.hiddenSize;
    const wide = overConcatenated(
      b,
      "inner",
      [h, fields],
      { prefix: `${PREFIX}.projector.0`, size: D, output: 4 * D },
      "relu",
    );
    const last = { prefix: `${PREFIX}.projector.2`, input: plainAxis(4 * D), output: plainAxis(D) };
    return b.linear("queries", wide, last);
  },
  count_lstm_v2: transformed,
  count_lstm_moe: mixed,
};

/** A small transformer among the fields of a schema, beside which h + fields goes on. */
function transformed(b: Builder, h: Value, fields: Value): Value {
  const { graph } = b;
  const D = b.config.hiddenSize;
  const rows = fields.type.shape[0]!;
  const y = graph.add("counted", gatherAddRows, [h, graph.input("fieldRows", u32(rows)), fields], {});
  const bounds = graph.input("bounds", u32(rows, 2));
  const plain = (prefix: string, from: number, to: number) => ({
    prefix,
    input: plainAxis(from),
    output: plainAxis(to),
  });
  const own = `${PREFIX}.transformer`;
  let z = b.linear("narrow", y, plain(`${own}.in_projector`, D, INNER));
  for (const layer of [0, 1]) {
    const prefix = `${own}.transformer.layers.${layer}`;
    const norm = (name: string, x: Value, residual: Value) =>
      b.layerNorm(name, x, `${prefix}.${name}`, { size: INNER, eps: EPS, residual });
    z = graph.scope(`layer.${layer}`, () => {
      const qkv = graph.add("qkv", matmul, [z, ...attentionInput(b, `${prefix}.self_attn`)], {});
      const attrs = { heads: HEADS, scale: 1 / Math.sqrt(INNER / HEADS) };
      const context = graph.add("context", groupAttention, [qkv, bounds], attrs);
      const attended = b.linear("attended", context, plain(`${prefix}.self_attn.out_proj`, INNER, INNER));
      const middle = norm("norm1", attended, z);
      const first = plain(`${prefix}.linear1`, INNER, FEED_FORWARD);
      const inner = b.linear("inner", middle, first, { activation: "relu" });
      return norm("norm2", b.linear("outer", inner, plain(`${prefix}.linear2`, FEED_FORWARD, INNER)), middle);
    });
  }
  const out = `${own}.out_projector`;
  // Over [z | y]: two products, the second inside the first's activation.
  const sizes = [INNER + D, D] as const;
  const ofY = [y, weightColumns(b, `${out}.0`, sizes, [INNER, D]), b.vector(`${out}.0.bias`, D)] as const;
  const ofZ = [z, weightColumns(b, `${out}.0`, sizes, [0, INNER]), noBias(b, D)] as const;
  const joined = graph.add("joined", sumMatmul, [...ofZ, graph.add("joined.y", matmul, ofY, {})], {
    activation: "relu",
  });
  const middle = b.linear("middle", joined, plain(`${out}.2`, D, D), { activation: "relu" });
  return b.linear("queries", middle, plain(`${out}.4`, D, D));
}

/** torch's in_proj of attention: query, key and value side by side, under names of their own. */
function attentionInput(b: Builder, prefix: string): readonly [weight: Value, bias: Value] {
  const output = plainAxis(3 * INNER);
  const common = { layout: { kind: "linear" }, output, scale: 1, from: 0 } as const;
  const [weight, bias] = [`${prefix}.in_proj_weight`, `${prefix}.in_proj_bias`];
  return [
    b.resident(weight, f32(INNER, 3 * INNER), [
      { ...common, tensor: weight, shape: [3 * INNER, INNER], input: plainAxis(INNER) },
    ]),
    b.resident(bias, f32(3 * INNER), [{ ...common, tensor: bias, shape: [3 * INNER], input: NO_AXIS }]),
  ];
}

/** A mixture of experts, all of which compute every row: they are small. */
function mixed(b: Builder, h: Value): Value {
  const { graph } = b;
  const D = b.config.hiddenSize;
  const rows = h.type.shape[0]!;
  const router = (layer: number, to: number) => ({
    prefix: `${PREFIX}.router.${layer}`,
    input: plainAxis(D),
    output: plainAxis(to),
  });
  const wide = b.linear("router", h, router(0, D), { activation: "gelu" });
  const gates = b.linear("gates", wide, router(2, EXPERTS));
  const gateRows = graph.input("gates", u32(rows, SCORE_ROW_FIELDS.length));
  graph.add("gates", softmax, [gateRows], { heads: 1, scores: EXPERTS * rows }, gates);
  const fieldRows = graph.input("fieldRows", u32(rows));
  const expert = (index: number, layer: 1 | 2, input: number, output: number) => {
    const rest = { layout: { kind: "transposed" }, output: plainAxis(output), scale: 1, from: 0 } as const;
    const own = [index, index + 1] as const;
    const [w, bias] = [`${PREFIX}.w${layer}`, `${PREFIX}.b${layer}`];
    return [
      b.resident(`${w}[${index}]`, f32(padded(input, 4), padded(output, 4)), [
        { ...rest, tensor: w, shape: [EXPERTS, input, output], input: plainAxis(input), rows: own },
      ]),
      b.resident(`${bias}[${index}]`, f32(padded(output, 4)), [
        { ...rest, tensor: bias, shape: [EXPERTS, output], input: NO_AXIS, rows: own },
      ]),
    ] as const;
  };
  let sum: Value | undefined;
  for (let index = 0; index < EXPERTS; index++) {
    const inner = graph.add(`expert.${index}.inner`, matmul, [h, ...expert(index, 1, D, 2 * D)], {
      activation: "gelu",
    });
    const outer = graph.add(`expert.${index}.outer`, matmul, [inner, ...expert(index, 2, 2 * D, D)], {});
    sum = sum
      ? graph.add(`expert.${index}`, addScaledRows, [outer, gates, fieldRows, sum], { column: index })
      : graph.add(`expert.${index}`, scaleRows, [outer, gates, fieldRows], { column: index });
  }
  return sum!;
}
