// Disentangled self-attention as graph nodes (DeBERTa, arXiv 2006.03654, equation 4):
//   score(i, j) = q_i · k_j + q_i · posK[slot(i − j)] + k_j · posQ[slot(i − j)], all scaled by 1 / √(d · n)
// The scale is folded into the query weights and posQ. Queries are all rows, or single rows that a head asks for; long
// inputs come in blocks of query rows, so that scores need memory linear in N.
import { attentionScores, type RelativeForm, type ScoreAttrs, TILE_FIELDS } from "../../kernels/attention-scores.js";
import { attentionValues } from "../../kernels/attention-values.js";
import { f32, u32 } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import { relativeProducts } from "../../kernels/relative-products.js";
import { SCORE_ROW_FIELDS, softmax } from "../../kernels/softmax.js";
import type { Value } from "../../runtime/graph.js";
import type { DebertaV2Config } from "./config.js";
import type { Builder, LinearSpec } from "./layers.js";
import type { EncoderContext, QueryShape } from "./shape.js";
import { headAxis, headsWidth, headWidth, plainAxis } from "./sizes.js";

/** Keys and values of all packed rows: columns of one matrix [T, *]. */
export interface KeysAndValues {
  readonly matrix: Value;
  readonly keyFrom: number;
  readonly valueFrom: number;
}

/** The kinds of relative terms that a model computes. */
export function relativeTerms(config: DebertaV2Config): { c2p: boolean; p2c: boolean } {
  const uses = (kind: "c2p" | "p2c") => config.relativeAttention && config.posAttType.includes(kind);
  return { c2p: uses("c2p"), p2c: uses("p2c") };
}

/** 1 / √(d · n), with the square root in float32 as Transformers takes it. */
export function attentionScale(config: DebertaV2Config): number {
  return 1 / Math.fround(Math.sqrt(config.headSize * config.scaleFactor));
}

export function attentionPrefix(layer: number): string {
  return `deberta.encoder.layer.${layer}.attention`;
}

/** The fused projections of a layer, [D, 3·H·d] and [3·H·d]: query (scaled), key, value side by side. */
export function projections(b: Builder, layer: number): { weight: Value; bias: Value } {
  const self = `${attentionPrefix(layer)}.self`;
  const input = plainAxis(b.config.hiddenSize);
  const output = headAxis(b.config);
  const linear = (name: string, scale = 1): LinearSpec => ({ prefix: `${self}.${name}`, input, output, scale });
  return b.linears(`${self}.qkv`, [
    linear("query_proj", attentionScale(b.config)),
    linear("key_proj"),
    linear("value_proj"),
  ]);
}

/** q, k, v of all rows in one product [T, 3·H·d]. */
export function queryKeyValue(b: Builder, layer: number, x: Value): Value {
  const { weight, bias } = projections(b, layer);
  return b.graph.add("qkv", matmul, [x, weight, bias], {});
}

/** The queries [R, H·d] of some rows. */
export function queries(b: Builder, layer: number, x: Value): Value {
  const { weight, bias } = projections(b, layer);
  return b.graph.add("query", matmul, [x, weight, bias], { columns: [0, headsWidth(b.config)] });
}

/** Keys and values [T, 2·H·d] of all rows. */
export function keysAndValues(b: Builder, layer: number, x: Value): KeysAndValues {
  const { weight, bias } = projections(b, layer);
  const width = headsWidth(b.config);
  const matrix = b.graph.add("keyValue", matmul, [x, weight, bias], { columns: [width, 3 * width] });
  return { matrix, keyFrom: 0, valueFrom: width };
}

/** posK or posQ of a layer [S, H·d], kept after loading (position-cache.ts). */
export function positionResident(b: Builder, layer: number, name: "posK" | "posQ"): Value {
  return b.resident(`${attentionPrefix(layer)}.${name}`, f32(b.config.relativeSlots, headsWidth(b.config)), []);
}

/** The slot of every distance, constant beyond `reach`. */
export function slotResident(b: Builder, reach: number): Value {
  return b.resident("slots", u32(2 * reach + 1), []);
}

/** An attention's result and, block by block, its probabilities. */
export interface Attention {
  readonly context: Value;
  readonly probabilities: readonly Value[];
}

/**
 * Scores, softmax and the sum of values: context [R, H·d]. Where they are looked at, the terms of the scores also one by one, as
 * `attention.c2c`, `.c2p`, `.p2c`.
 */
export function attend(
  b: Builder,
  layer: number,
  query: Value,
  keys: KeysAndValues,
  set: QueryShape,
  { shape, reach, terms }: EncoderContext,
): Attention {
  const { config, graph } = b;
  const heads = config.numAttentionHeads;
  const width = headWidth(config);
  const singleRows = set.name === "asked";
  const form: RelativeForm = singleRows && shape.form === "gather" ? "tile" : shape.form;
  const { c2p, p2c } = relativeTerms(config);
  const mask = shape.maskWords > 0 ? [graph.input("mask", u32(shape.maskWords))] : [];
  const positions = (of: RelativeForm) => [
    ...(of === "none" ? [] : [slotResident(b, reach)]),
    // A kind that is off is neither computed nor read; its operand is the other kind's.
    ...(of === "tile" ? [positionResident(b, layer, c2p ? "posK" : "posQ")] : []),
    ...(of === "tile" ? [positionResident(b, layer, p2c ? "posQ" : "posK")] : []),
  ];
  const products = (name: string, x: Value, from: number, rows: readonly [number, number], sign: 1 | -1) =>
    graph.add(
      name,
      relativeProducts,
      [
        x,
        positionResident(b, layer, sign > 0 ? "posK" : "posQ"),
        slotResident(b, reach),
        graph.input("bounds", u32(shape.rows, 2)),
      ],
      { heads, headWidth: width, queryFrom: from, rows, reach, sign },
    );
  const kp =
    form === "gather" && p2c ? products("keyProducts", keys.matrix, keys.keyFrom, [0, shape.rows], -1) : undefined;

  let context: Value | undefined;
  const probabilities: Value[] = [];
  set.blocks.forEach((block, index) => {
    const name = (part: string) => (set.blocks.length > 1 ? `${part}.${index}` : part);
    const table = (part: string, rows: number, fields: number) =>
      graph.input(`${set.name}.${index}.${part}`, u32(rows, fields));
    const blockPositions = positions(form);
    if (form === "gather") {
      const qp = c2p ? products(name("queryProducts"), query, 0, block.rows, 1) : kp!;
      blockPositions.push(qp, kp ?? qp);
    }
    const operands = [query, keys.matrix, table("tiles", block.tiles, TILE_FIELDS.length)] as const;
    const attrs: ScoreAttrs = {
      heads,
      headWidth: width,
      queryFrom: 0,
      keyFrom: keys.keyFrom,
      scores: block.scores,
      c2p,
      p2c,
      reach,
      slots: config.relativeSlots,
      singleRows,
      firstQuery: block.rows[0],
      pairs: block.pairs * heads * width,
    };
    const layout = { block: index };
    const alone = form === "none" ? "none" : "tile";
    const kinds = { c2c: true, c2p, p2c };
    for (const kind of terms.includes(layer) ? (["c2c", "c2p", "p2c"] as const).filter((each) => kinds[each]) : []) {
      const term = { ...attrs, content: kind === "c2c", c2p: kind === "c2p", p2c: kind === "p2c" };
      const given = [...operands, ...positions(alone)];
      graph.add(name(`attention.${kind}`), attentionScores(alone, false), given, term, undefined, layout);
    }
    const scores = graph.add(
      name("scores"),
      attentionScores(form, mask.length > 0),
      [...operands, ...blockPositions, ...mask],
      attrs,
      undefined,
      layout,
    );
    const softmaxed = graph.add(
      name("probabilities"),
      softmax,
      [table("scoreRows", block.scoreRows, SCORE_ROW_FIELDS.length)],
      { heads, scores: block.scores },
      scores,
      layout,
    );
    probabilities.push(softmaxed);
    context = graph.add(
      name("context"),
      attentionValues,
      [softmaxed, keys.matrix, table("valueTiles", block.valueTiles, TILE_FIELDS.length)],
      {
        heads,
        headWidth: width,
        valueFrom: keys.valueFrom,
        rows: set.rows,
        singleRows,
        pairs: block.pairs * heads * width,
      },
      context,
      { rows: set.name },
    );
  });
  return { context: context!, probabilities };
}
