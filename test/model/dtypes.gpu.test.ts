// Weights in each type they may have on the GPU: "auto" changes no number, the others change it by no more than is stated, and a
// checkpoint that was shrunk gives what the same type gives of the whole one.
import { describe, expect, test } from "vitest";
import { shrinkWeights, type ShrunkType } from "../../src/checkpoint/shrink.js";
import { DebertaV2ForMaskedLM, DebertaV2Model, type LoadOptions } from "../../src/index.js";
import { capabilitySets, checked } from "../support/gpu.js";
import { filesOf, folderOf, type MadeHead, type MadeType, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";

const sets = await capabilitySets();
const devices = sets.filter(({ name }) => !name.includes("tiles for GPUs"));

type Files = ReadonlyMap<string, Uint8Array>;

/** Wide enough for blocks of 32, with a conv layer. */
const WIDE = {
  ...MINIATURE,
  vocab_size: 90,
  hidden_size: 64,
  num_attention_heads: 4,
  intermediate_size: 96,
  conv_kernel_size: 3,
  conv_act: "tanh",
};
const made = (type: MadeType, head: MadeHead = "none"): Files => filesOf(makeCheckpoint(WIDE, head), type);

const INPUTS = {
  inputIds: [
    [1, 5, 9, 33, 70, 12, 2],
    [1, 44, 2],
  ],
};

async function states(source: Files, device: GPUDevice, dtype: NonNullable<LoadOptions["dtype"]>) {
  const model = await DebertaV2Model.fromPretrained(folderOf(source), { device, dtype });
  try {
    const { lastHiddenState } = await model.forward(INPUTS);
    return { data: lastHiddenState.data, bytes: model.memory().gpuBytes };
  } finally {
    await model.dispose();
  }
}

/** Root of the mean squared difference, as a share of the wanted numbers' own root mean square. */
function relativeError(got: Float32Array, wanted: Float32Array): number {
  const square = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square(got.map((value, i) => value - wanted[i]!)) / square(wanted));
}

async function shrunk(model: Files, options: { dtype: ShrunkType; wordTable: "q8" | "f16" }): Promise<Files> {
  const parts: { position: number; bytes: Uint8Array }[] = [];
  await shrinkWeights(
    folderOf(model),
    { write: (position, bytes) => void parts.push({ position, bytes: bytes.slice() }) },
    options,
  );
  const weights = new Uint8Array(Math.max(...parts.map(({ position, bytes }) => position + bytes.length)));
  for (const { position, bytes } of parts) weights.set(bytes, position);
  return new Map([...model, ["model.safetensors", weights]]);
}

describe.each(devices)("$name", ({ device }) => {
  // Another device compiles every shader anew: in the short run for one type.
  const all = __LONG__ || device === devices[0]!.device;

  test.runIf(all).each(["F16", "BF16"] as const)(
    "auto keeps %s, and gives f32's numbers in half the bytes",
    async (fileType) => {
      const model = made(fileType);
      const [whole, kept] = await checked(device, async () => [
        await states(model, device.gpu, "f32"),
        await states(model, device.gpu, "auto"),
      ]);
      expect(relativeError(kept.data, whole.data)).toBeLessThan(1e-6);
      expect(kept.bytes).toBeLessThan(0.75 * whole.bytes);
    },
  );

  // Random matrices, the hardest case: nothing in them is redundant. Trained models lose less (bench/dtypes).
  const BOUNDS = [
    ["q8", 0.02],
    ["f16", 1e-3],
    ["q4", 0.25],
  ] as const;
  test.each(all ? BOUNDS : BOUNDS.slice(0, 1))("%s stays within %f of f32", async (dtype, bound) => {
    const model = made("F32");
    const [whole, small] = await checked(device, async () => [
      await states(model, device.gpu, "f32"),
      await states(model, device.gpu, dtype),
    ]);
    const error = relativeError(small.data, whole.data);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(bound);
    expect(small.bytes).toBeLessThan(whole.bytes);
  });

  test.runIf(all).each(["q8", "q4"] as const)("a checkpoint shrunk to %s gives that type's numbers", async (dtype) => {
    const model = made("F32");
    const small = await shrunk(model, { dtype, wordTable: "f16" });
    const [converted, loaded, asFloats] = await checked(device, async () => [
      await states(await shrunk(model, { dtype: "f16", wordTable: "f16" }), device.gpu, dtype),
      await states(small, device.gpu, "auto"),
      await states(small, device.gpu, "f32"),
    ]);
    expect(relativeError(loaded.data, asFloats.data)).toBeLessThan(1e-5);
    expect(relativeError(loaded.data, converted.data)).toBeLessThan(dtype === "q8" ? 5e-3 : 0.05); // f16 came between
  });

  test.runIf(all)("masked LM over a word table in 8 bits", async () => {
    const model = made("F32", "lm");
    const logits = async (source: Files) => {
      const loaded = await DebertaV2ForMaskedLM.fromPretrained(folderOf(source), { device: device.gpu });
      try {
        return (await loaded.forward(INPUTS)).logits.data;
      } finally {
        await loaded.dispose();
      }
    };
    const small = await shrunk(model, { dtype: "q8", wordTable: "q8" });
    const [whole, got] = await checked(device, async () => [await logits(model), await logits(small)]);
    expect(relativeError(got, whole)).toBeLessThan(0.03);
  });
});
