// Every device that planMatmul has a row for, and every plan that it gives: what the tests of bodies go through.
import type { Capabilities } from "../../src/kernels/kernel.js";
import { type MatmulPlan, planMatmul, planText } from "../../src/kernels/matmul/plan.js";
import { PACKED_WEIGHTS, packedBodyCase, PLANNED_SHAPES } from "../../src/self-test/cases/matmul.js";

const base: Capabilities = {
  subgroupSize: 0,
  software: false,
  workgroupThreads: 256,
  bindingBytes: 2 ** 27,
  workgroupsPerDimension: 65535,
  vendor: "",
  architecture: "",
};

const gpu = (vendor: string, architecture = ""): Capabilities => ({ ...base, vendor, architecture });

export const PLANNED_DEVICES: Readonly<Record<string, Capabilities>> = {
  "AMD RDNA 3": gpu("amd", "rdna-3"),
  "AMD, unknown architecture": gpu("amd"),
  "Intel Xe-LP": gpu("intel", "gen-12lp"),
  "Intel Alchemist": gpu("intel", "gen-12hp"),
  "Intel Xe2": gpu("intel", "xe-2lpg"),
  "NVIDIA Ampere": gpu("nvidia", "ampere"),
  "NVIDIA by PCI number": gpu("4318"),
  Apple: gpu("apple", "metal-3"),
  "Qualcomm Adreno": gpu("qualcomm", "adreno-7xx"),
  "Arm Mali": gpu("arm", "valhall"),
  "a GPU without a name": gpu(""),
  "SwiftShader, subgroups of 4": { ...base, software: true, subgroupSize: 4 },
  "lavapipe, subgroups of 8": { ...base, software: true, subgroupSize: 8 },
  "a processor without subgroups": { ...base, software: true },
};

/** Every different plan for a GPU. */
export const GPU_PLANS: readonly MatmulPlan[] = [
  ...new Map(
    Object.values(PLANNED_DEVICES)
      .filter(({ software }) => !software)
      .flatMap((device) => PLANNED_SHAPES.map((shape) => planMatmul(shape, device)))
      .map((plan) => [planText(plan), plan]),
  ).values(),
];

/** Every plan with packed weights: in the short run each with one type, which `turn` shifts; in the long one with all. */
export const packedBodyCases = (turn: number) =>
  GPU_PLANS.flatMap((plan, i) =>
    PACKED_WEIGHTS.filter((_, type) => __LONG__ || type === (i + turn) % PACKED_WEIGHTS.length).map((type) =>
      packedBodyCase(plan, type),
    ),
  );
