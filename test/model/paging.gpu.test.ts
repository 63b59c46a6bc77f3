// Weights larger than gpuMemoryLimit: layers take turns, and nobody can tell from the numbers.
import { describe, expect, test } from "vitest";
import { bytesFromMemory, type ByteSource } from "../../src/checkpoint/byte-source.js";
import { canRun, DebertaV2ForMaskedLM, DebertaV2Model, type LoadOptions, type Progress } from "../../src/index.js";
import { filesOf, folderOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";
import { checked, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();
const FIELDS = { ...MINIATURE, num_hidden_layers: 7, conv_kernel_size: 3, conv_act: "tanh" };
const files = filesOf(makeCheckpoint(FIELDS, "none"));

/** The whole model takes some 160 KB on the GPU. */
const LIMIT = 100_000;

const INPUTS = {
  inputIds: [
    [1, 5, 9, 33, 40, 12, 2],
    [1, 44, 2],
  ],
};
const EVERYTHING = { ...INPUTS, outputHiddenStates: true, outputAttentions: true };

type Load = (options?: LoadOptions) => Promise<DebertaV2Model>;
const load: Load = (options) => DebertaV2Model.fromPretrained(folderOf(files), { device: device.gpu, ...options });

/** A folder that notes where its weights are read, and can be made to fail. */
function watched() {
  const weights = bytesFromMemory(files.get("model.safetensors")!);
  const seen = { reads: 0, bytes: 0, fail: false };
  const source: ByteSource = {
    size: weights.size,
    async *read(start, end, signal) {
      seen.reads++;
      seen.bytes += end - start;
      if (seen.fail) throw new Error("the disk is gone");
      yield* weights.read(start, end, signal);
    },
  };
  const rest = folderOf(files);
  const folder = {
    open: (name: string) => (name === "model.safetensors" ? Promise.resolve(source) : rest.open(name)),
  };
  return { folder, seen };
}

describe("paged layers", () => {
  test.each(["auto", "f16", "q8"] as const)("%s: the numbers of the whole model, bit by bit", (dtype) =>
    checked(device, async () => {
      const whole = await load({ dtype });
      const { weights } = whole.memory();
      const paged = await load({ dtype, gpuMemoryLimit: 0.75 * weights });
      expect(paged.memory().weights).toBeLessThanOrEqual(0.75 * weights);
      expect(paged.describe()).toMatch(/layers \d to 6 take turns in 2 sets of buffers/);
      for (const inputs of [INPUTS, EVERYTHING, INPUTS]) {
        const [wanted, got] = [await whole.forward(inputs), await paged.forward(inputs)];
        expect(got.lastHiddenState.data).toEqual(wanted.lastHiddenState.data);
        expect(got.hiddenStates?.map(({ data }) => data)).toEqual(wanted.hiddenStates?.map(({ data }) => data));
        expect(got.attentions?.map(({ data }) => data)).toEqual(wanted.attentions?.map(({ data }) => data));
      }
      await Promise.all([whole.dispose(), paged.dispose()]);
    }),
  );

  test("projections of their own for positions, needed at loading only", () =>
    checked(device, async () => {
      const own = folderOf(filesOf(makeCheckpoint({ ...FIELDS, share_att_key: false }, "none")));
      const whole = await DebertaV2Model.fromPretrained(own, { device: device.gpu });
      const paged = await DebertaV2Model.fromPretrained(own, { device: device.gpu, gpuMemoryLimit: LIMIT });
      expect(paged.describe()).toContain("take turns");
      for (let i = 0; i < 2; i++)
        expect((await paged.forward(INPUTS)).lastHiddenState.data).toEqual(
          (await whole.forward(INPUTS)).lastHiddenState.data,
        );
      await Promise.all([whole.dispose(), paged.dispose()]);
    }));

  test("the mask decoder, which runs the last layer twice", () =>
    checked(device, async () => {
      const source = folderOf(filesOf(makeCheckpoint(FIELDS, "emd")));
      const whole = await DebertaV2ForMaskedLM.fromPretrained(source, { device: device.gpu });
      const limit = 0.6 * whole.memory().weights;
      const paged = await DebertaV2ForMaskedLM.fromPretrained(source, { device: device.gpu, gpuMemoryLimit: limit });
      expect((await paged.forward(INPUTS)).logits.data).toEqual((await whole.forward(INPUTS)).logits.data);
      await Promise.all([whole.dispose(), paged.dispose()]);
    }));

  test("every value inside, times, and requests at once", () =>
    checked(device, async () => {
      const [whole, paged] = [await load(), await load({ gpuMemoryLimit: LIMIT })];
      const [wanted, ...got] = await Promise.all([
        whole.forward(INPUTS),
        ...[0, 1, 2].map(() => paged.forward(INPUTS)),
      ]);
      for (const { lastHiddenState } of got) expect(lastHiddenState.data).toEqual(wanted.lastHiddenState.data);
      expect((await paged.profile(INPUTS)).length).toBe((await whole.profile(INPUTS)).length);
      expect((await paged.forward(INPUTS)).lastHiddenState.data).toEqual(wanted.lastHiddenState.data);
      await Promise.all([whole.dispose(), paged.dispose()]);
    }));

  test("a source that fails during a run fails that run; the next one works", () =>
    checked(device, async () => {
      const { folder, seen } = watched();
      const model = await DebertaV2Model.fromPretrained(folder, { device: device.gpu, gpuMemoryLimit: LIMIT });
      const wanted = (await model.forward(INPUTS)).lastHiddenState.data;
      seen.fail = true;
      await expect(model.forward(INPUTS)).rejects.toThrow(/the disk is gone/);
      seen.fail = false;
      expect((await model.forward(INPUTS)).lastHiddenState.data).toEqual(wanted);
      await model.dispose();
    }));

  test("an abort while layers are read, and disposal in the middle of a run", () =>
    checked(device, async () => {
      const model = await load({ gpuMemoryLimit: LIMIT });
      const wanted = (await model.forward(INPUTS)).lastHiddenState.data;
      for (const delay of [0, 2, 5, 10]) {
        const stop = new AbortController();
        const run = model.forward(INPUTS, { signal: stop.signal });
        setTimeout(() => stop.abort(new Error("enough")), delay);
        await run.catch((error: unknown) => expect((error as Error).message).toBe("enough"));
      }
      expect((await model.forward(INPUTS)).lastHiddenState.data).toEqual(wanted);
      const last = model.forward(INPUTS);
      await model.dispose();
      await last.catch(() => undefined);
    }));

  test("every weight is read once at loading, and only paged layers afterwards; progress rises to its total", () =>
    checked(device, async () => {
      const { folder, seen } = watched();
      const steps: Progress[] = [];
      const onProgress = (step: Progress) => {
        if (step.phase === "weights") steps.push(step);
      };
      const options = { device: device.gpu, gpuMemoryLimit: LIMIT, onProgress };
      const model = await DebertaV2Model.fromPretrained(folder, options);
      const size = files.get("model.safetensors")!.length;
      expect(seen.bytes).toBeLessThan(1.2 * size);
      expect(steps.every(({ loaded }, i) => i === 0 || loaded >= steps[i - 1]!.loaded)).toBe(true);
      expect(steps.at(-1)!.loaded).toBe(steps.at(-1)!.total);
      const { length } = steps;
      seen.bytes = 0;
      await model.forward(INPUTS);
      expect(seen.bytes).toBeGreaterThan(0.3 * size);
      expect(seen.bytes).toBeLessThan(size);
      expect(steps.length).toBe(length);
      await model.dispose();
    }));
});

describe("limits", () => {
  test("too small for two layers: refused before a byte of weights is read, and canRun says the same", async () => {
    const options = { device: device.gpu, gpuMemoryLimit: 40_000 };
    await expect(load(options)).rejects.toThrow(/need \d+ bytes .* when layers take turns, gpuMemoryLimit is 40000/);
    const said = await canRun(folderOf(files), options);
    expect(said).toMatchObject({ ok: false, pagedBytes: 0 });
    expect(said.reasons.join()).toMatch(/when layers take turns, gpuMemoryLimit is 40000/);
  });

  test("canRun says what stays on the GPU and what each request reads", async () => {
    const whole = await canRun(folderOf(files), { device: device.gpu });
    expect(whole.pagedBytes).toBe(0);
    const said = await canRun(folderOf(files), { device: device.gpu, gpuMemoryLimit: LIMIT });
    expect(said).toMatchObject({ ok: true, availability: "available" });
    expect(said.gpuBytes).toBeLessThanOrEqual(LIMIT);
    expect(said.pagedBytes).toBeGreaterThan(0.3 * whole.gpuBytes);
  });
});
