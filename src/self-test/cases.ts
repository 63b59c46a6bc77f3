// All kernel cases, by group.
import type { Capabilities } from "../kernels/kernel.js";
import { planMatmul, planText } from "../kernels/matmul/plan.js";
import type { GraphCase } from "./case.js";
import { ATTENTION_CASES } from "./cases/attention.js";
import { EXTRACTION_CASES } from "./cases/extraction.js";
import { LAYER_NORM_CASES } from "./cases/layer-norm.js";
import { bodyCase, MATMUL_CASES, PACKED_WEIGHTS, packedBodyCase, PLANNED_SHAPES } from "./cases/matmul.js";
import { PACK_CASES } from "./cases/pack-weights.js";
import { ROW_CASES } from "./cases/rows.js";

export const KERNEL_CASES: Readonly<Record<string, readonly GraphCase[]>> = {
  matmul: MATMUL_CASES,
  layerNorm: LAYER_NORM_CASES,
  attention: ATTENTION_CASES,
  rows: ROW_CASES,
  packWeights: PACK_CASES,
  extraction: EXTRACTION_CASES,
};

/**
 * The cases for a device: all of these, and the bodies that it plans for products of a real model's sizes; on GPUs with packed weights,
 * too (processors meet theirs among the others).
 */
export function casesFor(device: Capabilities): GraphCase[] {
  const plans = new Map(
    PLANNED_SHAPES.map((shape) => planMatmul(shape, device)).map((plan) => [planText(plan), plan] as const),
  );
  return [
    ...Object.values(KERNEL_CASES).flat(),
    ...[...plans.values()].flatMap((plan) => [
      bodyCase(plan),
      ...(device.software ? [] : PACKED_WEIGHTS.map((type) => packedBodyCase(plan, type))),
    ]),
  ];
}
