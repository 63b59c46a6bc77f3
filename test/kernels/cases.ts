// All kernel cases, by group: run in the browser by kernels.gpu.test.ts and under Deno by tools/deno.mjs.
import type { GraphCase } from "../support/cases.js";
import { ATTENTION_CASES } from "./attention.cases.js";
import { EXTRACTION_CASES } from "./extraction.cases.js";
import { LAYER_NORM_CASES } from "./layer-norm.cases.js";
import { MATMUL_CASES } from "./matmul.cases.js";
import { PACK_CASES } from "./pack-weights.cases.js";
import { ROW_CASES } from "./rows.cases.js";

export const KERNEL_CASES: Readonly<Record<string, readonly GraphCase[]>> = {
  matmul: MATMUL_CASES,
  layerNorm: LAYER_NORM_CASES,
  attention: ATTENTION_CASES,
  rows: ROW_CASES,
  packWeights: PACK_CASES,
  extraction: EXTRACTION_CASES,
};
