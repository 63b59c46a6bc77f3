// canRun: what it says of a model is what loading then finds, and a model that cannot run is told apart in words.
import { expect, test, vi } from "vitest";
import { cachedModels, canRun, clearCache, DebertaV2Model, pipeline } from "../../src/index.js";
import { filesOf, folderOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";
import { sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();
const files = filesOf(makeCheckpoint(MINIATURE, "none"));

test("a model in memory is available, and needs about the GPU bytes that it then takes", async () => {
  for (const dtype of ["f32", "q8"] as const) {
    const said = await canRun(folderOf(files), { device: device.gpu, dtype });
    expect(said).toMatchObject({ ok: true, availability: "available", reasons: [], downloadBytes: 0, cachedBytes: 0 });
    const model = await DebertaV2Model.fromPretrained(folderOf(files), { device: device.gpu, dtype });
    const { gpuBytes } = model.memory();
    await model.dispose();
    expect(said.gpuBytes).toBeGreaterThan(0.5 * gpuBytes);
    expect(said.gpuBytes).toBeLessThan(2 * gpuBytes);
  }
});

test("a model behind an address is downloadable", async () => {
  await clearCache(); // of what other tests have loaded
  const said = await canRun("/models/tiny-intent/", { device: device.gpu });
  expect(said).toMatchObject({ ok: true, availability: "downloadable", reasons: [] });
  expect(said.downloadBytes).toBeGreaterThan(1e6);
  expect(said.hostBytes).toBeGreaterThan(1e6);
});

test("a model that is kept is available, and asking keeps nothing by itself", async () => {
  await clearCache();
  const source = new URL("/models/tiny-intent/", location.href);
  await canRun(source, { device: device.gpu });
  expect(await cachedModels()).toEqual([]);
  const pipe = await pipeline("text-classification", source, { device: device.gpu });
  await pipe.model.whole;
  await vi.waitFor(async () => {
    const said = await canRun(source, { device: device.gpu });
    expect(said).toMatchObject({ availability: "available", cachedBytes: said.downloadBytes });
  }, 5000);
  await pipe.dispose();
  expect((await cachedModels()).map((model) => model.source)).toEqual([source.href]);
  await clearCache();
});

test.each([
  ["no config", { "config.json": undefined }, /config\.json/],
  ["another architecture", { "config.json": '{"model_type": "bert"}' }, /bert/],
  ["no weights", { "model.safetensors": undefined }, /no weights/],
])("%s: unavailable, with the reason", async (_, change, reason) => {
  const changed = new Map<string, Uint8Array>(files);
  for (const [name, text] of Object.entries(change)) {
    if (text === undefined) changed.delete(name);
    else changed.set(name, new TextEncoder().encode(text));
  }
  const said = await canRun(folderOf(changed), { device: device.gpu });
  expect(said).toMatchObject({ ok: false, availability: "unavailable" });
  expect(said.reasons.join()).toMatch(reason);
});

test("a limit that the weights exceed is a reason", async () => {
  const said = await canRun(folderOf(files), { device: device.gpu, gpuMemoryLimit: 1000 });
  expect(said.reasons.join()).toMatch(/gpuMemoryLimit is 1000/);
});

test("a model whose backbone is described in a second repository is looked for there", async () => {
  const gliner = new Map(files);
  gliner.set("gliner_config.json", new TextEncoder().encode('{"model_name": "a/b", "hidden_size": 12}'));
  gliner.delete("config.json");
  const alone = await canRun(folderOf(gliner), { device: device.gpu });
  expect(alone.reasons).toEqual(["gliner_config.json names a/b for its tokenizer and configuration: pass baseModel"]);
  const said = await canRun(folderOf(gliner), { device: device.gpu, baseModel: folderOf(files) });
  expect(said).toMatchObject({ ok: true, availability: "available", reasons: [] });
  expect(said.gpuBytes).toBeGreaterThan(1000);
});
