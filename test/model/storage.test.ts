// What the weights of v3-base take on the GPU in each type, by the plan that loading follows: nothing is loaded.
import { expect, test } from "vitest";
import type { WeightEntry } from "../../src/checkpoint/quantised.js";
import { byteLength, type Capabilities } from "../../src/kernels/kernel.js";
import { chooseStorage, stored, type WeightsDType } from "../../src/model/load/storage.js";
import { positionGraph } from "../../src/model/load/position-cache.js";
import { sampleGraph } from "../../src/model/run/network.js";
import { baseNetwork } from "../support/v3-base.js";
import { PLANNED_DEVICES } from "../kernels/plans.js";

const network = baseNetwork();
const device: Capabilities = PLANNED_DEVICES["NVIDIA Ampere"]!;
const { graph, residents } = sampleGraph(network, device, 64);
const positions = positionGraph(network.config)!;

/** Bytes of the matrices, and of all that stays on the GPU. */
function bytesIn(dtype: WeightsDType, fileType: "F32" | "F16" = "F32"): { matrices: number; all: number } {
  const find = () => ({ dtype: fileType }) as WeightEntry;
  const specs = [...residents.values()];
  const storage = chooseStorage(dtype, [graph, positions.graph], specs, find);
  const sum = (some: typeof specs) => some.reduce((total, spec) => total + byteLength(stored(spec, storage).type), 0);
  return {
    matrices: sum(specs.filter(({ type, parts }) => parts.length > 0 && type.shape.length > 1)),
    all: sum(specs),
  };
}

test("v3-base: f16 halves, q8 quarters, q4 nearly eighths the matrices on the GPU", () => {
  const whole = bytesIn("f32");
  expect(whole.matrices / 4e6).toBeCloseTo(85.5, 0); // millions of parameters
  const share = (dtype: WeightsDType) => bytesIn(dtype).matrices / whole.matrices;
  console.log(
    `v3-base: ${(["f32", "f16", "q8", "q4"] as const).map((dtype) => `${dtype} ${(bytesIn(dtype).all / 1e6).toFixed(1)} MB`).join(", ")}`,
  );
  expect(share("f16")).toBeCloseTo(0.5, 2); // a factor for each column beside
  expect(share("q8")).toBeCloseTo(0.25, 2);
  expect(share("q4")).toBeCloseTo((0.5 + 2 / 32) / 4, 2);
  // Vectors, and the positions that are computed once (posK and posQ), are f32 in each.
  expect(bytesIn("f16").all / whole.all).toBeLessThan(0.56);
  expect(bytesIn("q8").all / whole.all).toBeLessThan(0.35);
});

test("auto keeps what the file holds", () => {
  expect(bytesIn("auto")).toEqual(bytesIn("f32"));
  expect(bytesIn("auto", "F16")).toEqual(bytesIn("f16"));
});

test.each([
  ["I8", [768, 1], "F32", true],
  ["I8", [768, 6], "F32", false],
  ["I4", [768, 24], "F16", true],
  ["I4", [768, 6], "F16", true],
  ["I4", [768, 24], "F32", false],
  ["I4", [768, 48], "F16", false],
] as const)("auto, %s with scales %o in %s: packed %s", (dtype, shape, scaleType, isPacked) => {
  const entry = { name: "w", dtype, shape: [768, 768], scales: { dtype: scaleType, shape } } as unknown as WeightEntry;
  const [spec] = [...residents.values()].filter(({ parts }) =>
    parts[0]?.tensor.endsWith("attention.output.dense.weight"),
  );
  const storage = chooseStorage("auto", [graph], [spec!], () => entry);
  expect(storage.get(spec!.name)).toBe(isPacked ? { I8: "q8", I4: "q4" }[dtype] : undefined);
});
