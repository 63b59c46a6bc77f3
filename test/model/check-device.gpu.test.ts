// Devices whose drivers are wrong somewhere: what is wrong is switched off, said, and models compute rightly without it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DebertaV2ForSequenceClassification, DeviceError, type LoadOptions } from "../../src/index.js";
import { checkDevice } from "../../src/model/check-device.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { brokenDevice } from "../support/broken-device.js";
import { checked, sharedDevice } from "../support/gpu.js";

const folder = madeFolder(MINIATURE, "pooled");
const warnings: string[] = [];
beforeEach(() => {
  warnings.length = 0;
  // Models of other files may still have something to say.
  vi.spyOn(console, "warn").mockImplementation((text: string) => {
    if (text.startsWith("deberta-webgpu runs")) warnings.push(text);
  });
});
afterEach(() => vi.restoreAllMocks());

async function answer(gpu: GPUDevice, options: LoadOptions = {}): Promise<{ logits: Float32Array; described: string }> {
  const model = await DebertaV2ForSequenceClassification.fromPretrained(folder, { device: gpu, ...options });
  const { logits } = await model.forward({ inputIds: [[1, 5, 6, 7, 2]] });
  const described = model.describe();
  await model.dispose();
  return { logits: logits.data, described };
}

const shared = await sharedDevice();
const right = (await answer(shared.gpu)).logits;

test("a sound device is found sound, once, and nothing is said", () =>
  checked(shared, async () => {
    await checkDevice(shared);
    expect(checkDevice(shared)).toBe(checkDevice(shared));
    expect(shared.withdrawn.join("\n")).toBe("");
    expect(warnings).toEqual([]);
  }));

const subgroups = test.runIf(shared.capabilities.subgroupSize > 0);

/** As adding, so in test:long only. */
const BROADCAST = [
  ["broadcast wrongly", (code: string) => code.replaceAll("subgroupBroadcast(x0, 1u)", "subgroupBroadcast(x0, 0u)")],
] as const;

subgroups.for([
  ["add wrongly", (code: string) => code.replaceAll("subgroupAdd(value)", "(subgroupAdd(value) * 1.25)")],
  ...(__LONG__ ? BROADCAST : []),
  ["do not compile", (code: string) => code.replace("enable subgroups;", "enable subgroups; enable unheard_of;")],
] as const)("subgroups that %s are switched off and said; answers are right", async ([, change]) => {
  const { device, changed } = await brokenDevice(change);
  await checked(
    device,
    async () => {
      const { logits, described } = await answer(device.gpu);
      expect(changed.count).toBeGreaterThan(0);
      for (const [i, value] of logits.entries()) expect(value).toBeCloseTo(right[i]!, 4);
      expect(device.capabilities.subgroupSize).toBe(0);
      expect(device.withdrawn).toHaveLength(1);
      expect(described).toContain(device.withdrawn[0]);
      expect(warnings).toEqual([`deberta-webgpu runs ${device.withdrawn[0]}`]);
      await answer(device.gpu);
      expect(warnings).toHaveLength(1);
    },
    1,
  );
  device.gpu.destroy();
});

test.runIf(__LONG__)(
  "a subgroup shader of one size that does not compile is met after the check: the load goes on without (test:long)",
  async () => {
    // The known layer is 64 wide; the model's rows are 36, in other tiles.
    let isChecking = true;
    const { device } = await brokenDevice((code) =>
      isChecking ? code : code.replace("enable subgroups;", "enable subgroups; enable unheard_of;"),
    );
    await checkDevice(device);
    const before = device.capabilities.subgroupSize;
    isChecking = false;
    const { logits } = await answer(device.gpu);
    for (const [i, value] of logits.entries()) expect(value).toBeCloseTo(right[i]!, 4);
    expect(device.withdrawn).toHaveLength(before > 0 ? 1 : 0);
    device.gpu.destroy();
  },
);

test("a device that nothing helps is refused by a DeviceError, and nothing stays on it", async () => {
  const { device } = await brokenDevice((code) => code.replaceAll("exp(", "0.9 * exp(0.5 * "));
  await checked(device, async () => {
    const failed = answer(device.gpu);
    await expect(failed).rejects.toBeInstanceOf(DeviceError);
    await expect(failed).rejects.toThrow("computes wrongly");
    expect(device.withdrawn).toEqual([]);
    const { logits } = await answer(device.gpu, { checkDevice: false });
    expect(logits[0]).not.toBeCloseTo(right[0]!, 4);
  });
  device.gpu.destroy();
});
