// What a loaded model offers besides `forward`: looking inside, times, memory, and an end that frees everything. And what a
// class refuses to load.
import { describe, expect, test, vi } from "vitest";
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2Model,
  DisposedError,
  type LoadOptions,
  type Progress,
  type Tensor,
  UnsupportedError,
} from "../../src/index.js";
import { Device } from "../../src/runtime/device.js";
import { Pace } from "../../src/runtime/pace.js";
import { makeCheckpoint, filesOf, folderOf, madeFolder, MINIATURE } from "../support/checkpoint.js";
import { checked, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();
const options = { device: device.gpu } as const;
const inputIds = [
  [1, 7, 9, 30, 2],
  [1, 5, 2],
];

/** For devices of a test's own, which compile anew: scores with relative terms, which the check has too, cost more than all the rest. */
const cheap = (seed = 1) => madeFolder({ ...MINIATURE, relative_attention: false }, "none", seed);
const unchecked = { checkDevice: false } as const;

/** Runs `use` on a model with a pooler; fails where it leaves a buffer. */
const withModel = (use: (model: DebertaV2ForSequenceClassification) => Promise<void>, fields: object = MINIATURE) =>
  checked(device, async () => {
    const model = await DebertaV2ForSequenceClassification.fromPretrained(madeFolder(fields, "pooled"), options);
    try {
      await use(model);
    } finally {
      await model.dispose();
    }
  });

describe("looking inside", () => {
  test("inspect names every value, shaped as Transformers shapes it", () =>
    withModel(async (model) => {
      const values = await model.inspect({ inputIds });
      const shapes = Object.fromEntries([...values].map(([name, { shape }]) => [name, shape]));
      for (const layer of [0, 1]) {
        expect(shapes).toMatchObject({
          "embeddings.norm": [2, 5, 24],
          [`encoder.layer.${layer}.qkv`]: [2, 5, 72],
          [`encoder.layer.${layer}.scores`]: [2, 3, 5, 5],
          [`encoder.layer.${layer}.probabilities`]: [2, 3, 5, 5],
          [`encoder.layer.${layer}.context`]: [2, 5, 24],
          [`encoder.layer.${layer}.intermediate`]: [2, 5, 40],
          [`encoder.layer.${layer}.norm`]: [2, 5, 24],
        });
      }
      const output = await model.forward({ inputIds, outputHiddenStates: true, outputAttentions: true });
      const inside = (name: string) => values.get(name)!.data;
      expect(inside("embeddings.norm")).toEqual(output.hiddenStates![0]!.data);
      expect(shapes).toMatchObject({ "head.asked": [2, 24], "head.classifier": [2, 4] }); // of each text one row
      expect(inside("encoder.layer.1.norm")).toEqual(output.hiddenStates![2]!.data);
      expect(inside("encoder.layer.0.probabilities")).toEqual(output.attentions![0]!.data);
    }));

  const softmaxed = (terms: readonly Tensor[], lengths: readonly number[]): Float64Array => {
    const [B, H, N] = terms[0]!.shape as [number, number, number];
    const result = new Float64Array(B * H * N * N);
    for (let row = 0; row < B * H * N; row++) {
      const length = lengths[Math.floor(row / (H * N))]!;
      if (row % N >= length) continue;
      const scores = Array.from({ length }, (_, j) => terms.reduce((sum, { data }) => sum + data[row * N + j]!, 0));
      const most = Math.max(...scores);
      const powers = scores.map((score) => Math.exp(score - most));
      const total = powers.reduce((sum, power) => sum + power);
      powers.forEach((power, j) => (result[row * N + j] = power / total));
    }
    return result;
  };

  test.each([
    ["shared projections", MINIATURE],
    ["own projections", { ...MINIATURE, share_att_key: false }],
    ["c2p only", { ...MINIATURE, pos_att_type: "c2p" }],
    ["none", { ...MINIATURE, relative_attention: false }],
  ])("attention terms add up to what softmax sees: %s", (_, fields) =>
    withModel(async (model) => {
      const values = await model.inspect({ inputIds }, { attentionTerms: true });
      for (const layer of [0, 1]) {
        const terms = ["c2c", "c2p", "p2c"].map((term) => values.get(`encoder.layer.${layer}.attention.${term}`)!);
        terms.forEach(({ shape }) => expect(shape).toEqual([2, 3, 5, 5]));
        const wanted = values.get(`encoder.layer.${layer}.probabilities`)!.data;
        const errors = softmaxed(terms, [5, 3]).map((value, i) => Math.abs(value - wanted[i]!));
        expect(Math.max(...errors)).toBeLessThan(2e-6);
      }
      const one = await model.inspect({ inputIds }, { attentionTerms: [1] });
      expect([...one.keys()].filter((name) => name.includes("c2p"))).toEqual(["encoder.layer.1.attention.c2p"]);
    }, fields),
  );

  test("the mask decoder's passes have their probabilities and terms, too", () =>
    checked(device, async () => {
      const model = await DebertaV2ForMaskedLM.fromPretrained(madeFolder(MINIATURE, "emd"), options);
      const values = await model.inspect({ inputIds }, { attentionTerms: [1] });
      for (const scope of ["encoder.layer.1", "head.maskDecoder.pass.0", "head.maskDecoder.pass.1"]) {
        const terms = ["c2c", "c2p", "p2c"].map((term) => values.get(`${scope}.attention.${term}`)!);
        const wanted = values.get(`${scope}.probabilities`)!;
        expect(wanted.shape).toEqual([2, 3, 5, 5]);
        const errors = softmaxed(terms, [5, 3]).map((value, i) => Math.abs(value - wanted.data[i]!));
        expect(Math.max(...errors)).toBeLessThan(2e-6);
      }
      const first = await model.inspect({ inputIds }, { attentionTerms: [0] }); // the decoder runs the last layer
      expect([...first.keys()].filter((name) => name.endsWith("c2p"))).toEqual(["encoder.layer.0.attention.c2p"]);
      await model.dispose();
    }));

  test("profile: milliseconds and rates of every node, in order", () =>
    withModel(async (model) => {
      const times = await model.profile({ inputIds });
      expect(times[0]!.name).toBe("embeddings.norm");
      expect(times.at(-1)!.name).toBe("head.classifier");
      for (const { kernel, milliseconds, gflops, gbytes } of times) {
        expect(kernel).not.toBe("");
        expect(milliseconds).toBeGreaterThanOrEqual(0);
        expect([gflops, gbytes].every((rate) => rate! >= 0)).toBe(true);
      }
    }));

  test("a batch that runs in several parts is looked at whole", () =>
    withModel(async (model) => {
      const whole = await model.inspect({ inputIds });
      const once = await model.profile({ inputIds });
      const flops = vi.spyOn(Pace.prototype, "dispatchFlops", "get").mockReturnValue(1);
      try {
        const parts = await model.inspect({ inputIds });
        expect([...parts.keys()]).toEqual([...whole.keys()]);
        for (const [name, { shape, data }] of parts) {
          expect([name, shape]).toEqual([name, whole.get(name)!.shape]);
          expect([name, data]).toEqual([name, whole.get(name)!.data]);
        }
        expect(await model.profile({ inputIds })).toHaveLength(2 * once.length);
      } finally {
        flops.mockRestore();
      }
    }));

  test("describe: a line a node, at most nine dispatches a layer, memory in the last line", () =>
    withModel(async (model) => {
      const before = model.describe(); // of a text of 128 tokens
      expect(before).toMatch(/encoder\.layer\.0\.scores .*attentionScores.*\[/);
      await model.forward({ inputIds, outputHiddenStates: true });
      const lines = model.describe().split("\n");
      for (const layer of [0, 1]) {
        const own = lines.filter((line) => line.startsWith(`encoder.layer.${layer}.`));
        expect(own.length).toBeGreaterThan(0);
        expect(own.length).toBeLessThanOrEqual(9);
      }
      expect(lines.at(-1)).toMatch(
        new RegExp(`^${lines.length - 1} dispatches · \\d+ slots .* MB .*pipelines · weights`),
      );
    }));
});

test("a request is one submit and one read-back, the first as well as later ones; a pass ends where a value is copied out", () =>
  withModel(async (model) => {
    const spies = {
      dispatches: vi.spyOn(GPUComputePassEncoder.prototype, "dispatchWorkgroups"),
      passes: vi.spyOn(GPUCommandEncoder.prototype, "beginComputePass"),
      submits: vi.spyOn(GPUQueue.prototype, "submit"),
      readBacks: vi.spyOn(GPUBuffer.prototype, "mapAsync"),
    };
    try {
      const everything = { inputIds, outputHiddenStates: true, outputAttentions: true };
      const requests = [
        { request: { inputIds }, passes: 1 },
        { request: { inputIds }, passes: 1 },
        { request: everything, passes: 6 }, // two layers' probabilities, three hidden states, and the result
      ];
      for (const { request, passes } of requests) {
        Object.values(spies).forEach((spy) => spy.mockClear());
        await model.forward(request);
        const { dispatches, ...others } = Object.fromEntries(
          Object.entries(spies).map(([name, { mock }]) => [name, mock.calls.length]),
        );
        expect(others).toEqual({ passes, submits: 1, readBacks: 1 });
        expect(dispatches).toBe(model.describe().split("\n").length - 1);
      }
    } finally {
      Object.values(spies).forEach((spy) => spy.mockRestore());
    }
  }));

describe("life of a model", () => {
  test("onProgress: bytes of the weights and compiled shaders, each from 0 or 1 to all of them", async () => {
    const reports: Progress[] = [];
    const onProgress = (progress: Progress) => void reports.push(progress);
    const model = await DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"), { ...options, onProgress });
    await model.dispose();
    const phase = (name: string) => reports.filter((report) => report.phase === name);
    expect(new Set(phase("weights").map(({ file }) => file))).toEqual(new Set(["model.safetensors"]));
    expect(new Set(phase("compile").map(({ file }) => file))).toEqual(new Set(["shaders"]));
    const shaders = phase("compile").map(({ loaded }) => loaded);
    expect(shaders).toEqual(shaders.map((_, index) => index + 1));
    for (const name of ["weights", "compile"]) {
      const last = phase(name).at(-1)!;
      expect(last.loaded).toBe(last.total);
    }
    expect(reports).toHaveLength(phase("weights").length + phase("compile").length);
  });

  test("memory() tells what the device counts", () =>
    checked(device, async () => {
      const before = device.totals();
      const model = await DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"), options);
      await model.forward({ inputIds });
      const { gpuBytes, buffers, hostBytes } = model.memory();
      const after = device.totals();
      expect(gpuBytes).toBe(after.bytes - before.bytes);
      expect(buffers).toBe(after.buffers - before.buffers);
      expect(hostBytes).toBe(4 * 50 * 24);
      await model.dispose();
      expect(device.totals()).toEqual(before);
    }));

  test("dispose twice is one dispose; everything afterwards is a DisposedError", () =>
    checked(device, async () => {
      const model = await DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"), options);
      await model.forward({ inputIds });
      await Promise.all([model.dispose(), model.dispose()]);
      await model.dispose();
      await expect(model.forward({ inputIds })).rejects.toThrow(DisposedError);
      await expect(model.inspect({ inputIds })).rejects.toThrow(DisposedError);
      await expect(model.profile({ inputIds })).rejects.toThrow(DisposedError);
      expect(() => model.describe()).toThrow(DisposedError);
    }));

  test("`using` frees it at the end of the block", () =>
    checked(device, async () => {
      const before = device.totals();
      {
        using model = await DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"), options);
        await model.forward({ inputIds });
        expect(device.totals().bytes).toBeGreaterThan(before.bytes);
      }
      expect(device.totals()).toEqual(before);
    }));

  test("a caller's device is used and never destroyed; without one models share the engine's own", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const given = await adapter!.requestDevice();
    const isLost = async () => (await Promise.race([given.lost, Promise.resolve()])) !== undefined;
    const model = await DebertaV2Model.fromPretrained(cheap(), { ...unchecked, device: given });
    await model.forward({ inputIds });
    await model.dispose();
    expect(await isLost()).toBe(false);
    expect(Device.of(given).totals()).toEqual({ buffers: 0, bytes: 0 });
    given.destroy();

    const [one, other] = await Promise.all([1, 2].map((seed) => DebertaV2Model.fromPretrained(cheap(seed), unchecked)));
    await one!.dispose();
    expect((await other!.forward({ inputIds })).lastHiddenState.shape).toEqual([2, 5, 24]);
    await other!.dispose();
  });
});

/** Loses the device that waits for another model, so that the next load asks for one. */
async function loseOwnDevice(): Promise<void> {
  const model = await DebertaV2Model.fromPretrained(cheap(), unchecked);
  (model as unknown as { engine: { device: Device } }).engine.device.gpu.destroy();
  await model.lost;
  await model.dispose();
}

describe("what is refused at loading", () => {
  test("a dtype that does not exist", async () => {
    const wanted = { ...options, dtype: "f8" as NonNullable<LoadOptions["dtype"]> };
    const refused = DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"), wanted);
    await expect(refused).rejects.toThrow(/f8/);
  });

  test("no WebGPU", async () => {
    await loseOwnDevice();
    const gpu = Object.getOwnPropertyDescriptor(Navigator.prototype, "gpu")!;
    Object.defineProperty(Navigator.prototype, "gpu", { ...gpu, get: () => undefined });
    try {
      const refused = DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"));
      await expect(refused).rejects.toThrow(UnsupportedError);
      await expect(refused).rejects.toThrow(/WebGPU/);
    } finally {
      Object.defineProperty(Navigator.prototype, "gpu", gpu);
    }
  });

  test("no adapter; it is asked for again by the next load", async () => {
    const request = Object.getOwnPropertyDescriptor(GPU.prototype, "requestAdapter")!;
    GPU.prototype.requestAdapter = () => Promise.resolve(null);
    try {
      const refused = DebertaV2Model.fromPretrained(madeFolder(MINIATURE, "none"));
      await expect(refused).rejects.toThrow(UnsupportedError);
      await expect(refused).rejects.toThrow(/WebGPU/);
    } finally {
      Object.defineProperty(GPU.prototype, "requestAdapter", request);
    }
    const model = await DebertaV2Model.fromPretrained(cheap(), unchecked);
    await model.dispose();
  });

  test("the original authors' token classifier, which has a layer more", async () => {
    const made = makeCheckpoint(MINIATURE, "tokens");
    made.tensors.set("proj.weight", { shape: [24, 24], data: new Float32Array(576) });
    const refused = DebertaV2ForTokenClassification.fromPretrained(folderOf(filesOf(made)), options);
    await expect(refused).rejects.toThrow(UnsupportedError);
    await expect(refused).rejects.toThrow(/proj\.weight/);
  });

  test("question answering with three labels", async () => {
    const source = madeFolder({ ...MINIATURE, num_labels: 3 }, "spans");
    const refused = DebertaV2ForQuestionAnswering.fromPretrained(source, options);
    await expect(refused).rejects.toThrow(UnsupportedError);
    await expect(refused).rejects.toThrow(/num_labels 3/);
  });

  test("a mask decoder that the checkpoint cannot give", async () => {
    const wanted = { ...options, enhancedMaskDecoder: true };
    await expect(
      DebertaV2ForMaskedLM.fromPretrained(madeFolder({ ...MINIATURE, num_hidden_layers: 1 }, "emd"), wanted),
    ).rejects.toThrow(UnsupportedError);
    await expect(DebertaV2ForMaskedLM.fromPretrained(madeFolder(MINIATURE, "lm"), wanted)).rejects.toThrow(
      /position_embeddings/,
    );
  });
});
