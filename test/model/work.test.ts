// What a request costs is what was asked for: no block too many, no mask of all pairs for one of columns, no row that nobody reads. While
// loading, no buffer and no wait for every tensor.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { DebertaV2Model } from "../../src/index.js";
import type { Capabilities } from "../../src/kernels/kernel.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { headNetwork } from "../../src/model/head-network.js";
import type { CheckedInputs } from "../../src/model/inputs/types.js";
import { engineLimits, packRun } from "../../src/model/run/network.js";
import { sequenceOf } from "../../src/model/run/sequences.js";
import { PLANNED_DEVICES } from "../kernels/plans.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { stubEngine } from "../support/stub-engine.js";
import { stubDevice } from "../support/stub-gpu.js";
import { baseNetwork, requestOf, V3_BASE } from "../support/v3-base.js";

const device: Capabilities = PLANNED_DEVICES["NVIDIA Ampere"]!;

function packed(inputs: CheckedInputs) {
  const network = baseNetwork();
  const sequences = inputs.rows.map((row, i) => sequenceOf(row, i, true)!);
  return packRun(network, inputs, sequences, device, engineLimits(network.config, device)).packed;
}

/** A text whose second column is masked. */
function holed(length: number): CheckedInputs {
  const request = requestOf([length]);
  const mask = new Uint8Array(length).fill(1).fill(0, 1, 2);
  return { ...request, rows: request.rows.map((row) => ({ ...row, mask })) };
}

test("200 texts of 40 tokens are one block: only scores are kept, no products with all slots", () => {
  expect(packed(requestOf(new Array<number>(200).fill(40))).shape.all.blocks).toHaveLength(1);
});

test("a mask with a hole is a bit a column, not one a pair", () => {
  const { shape, tables } = packed(holed(4000));
  expect(shape.maskWords).toBeLessThan(256);
  expect(tables["mask"]!.length).toBe(shape.maskWords);
});

test("of twenty parts only that one runs whose logits are asked for", async () => {
  const fields = {
    ...V3_BASE,
    vocab_size: 1000,
    hidden_size: 64,
    intermediate_size: 64,
    num_attention_heads: 1,
    num_hidden_layers: 1,
  };
  const lm = { dense: "dense", norm: "norm", bias: "bias", width: 64, table: "table", vocabulary: 1000 };
  const network = headNetwork(new DebertaV2Config(fields), { kind: "maskedLm", lm, maskDecoder: false });
  const { engine } = await stubEngine(network);
  engine.limits.mostRows = 64;
  const inputs = requestOf(new Array<number>(20).fill(50));
  expect(await engine.forward(inputs)).toHaveLength(20);
  const parts = await engine.forward({ ...inputs, logitsAt: [[13, 7]] });
  expect(parts.map(({ sequences }) => sequences.map(({ source }) => source))).toEqual([[13]]);
  await engine.dispose();
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("loading 48 layers holds one small buffer, not one for each of their 774 tensors", async () => {
  const folder = madeFolder({ ...MINIATURE, num_hidden_layers: 48 }, "none");
  const { gpu } = stubDevice();
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10)); // what made the folder goes
    collect();
  }
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  let writes = 0;
  gpu.onWrite = () => {
    if (++writes % 64 > 0) return;
    collect();
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  };
  const device = gpu as unknown as GPUDevice;
  const model = await DebertaV2Model.fromPretrained(folder, { device, checkDevice: false });
  expect(writes).toBeGreaterThan(700);
  console.info(`${(peak / 2 ** 20).toFixed(1)} MiB`);
  expect(peak).toBeLessThan(4 * 2 ** 20); // 256 KiB each would be 190
  await model.dispose();
  expect(gpu.bytes).toBe(0);
});

test("loading waits for the device a few times in all, however many tensors there are", async () => {
  const roundTrips = async (layers: number) => {
    const { gpu } = stubDevice();
    const folder = madeFolder({ ...MINIATURE, num_hidden_layers: layers }, "none");
    const device = gpu as unknown as GPUDevice;
    const model = await DebertaV2Model.fromPretrained(folder, { device, checkDevice: false });
    const { roundTrips } = gpu;
    await model.dispose();
    return roundTrips;
  };
  const few = await roundTrips(1);
  expect(few).toBeLessThan(12);
  expect(await roundTrips(12)).toBe(few); // 198 tensors
});
