// A life of an extraction model: marker ids that cannot be, a device that is lost, and what stays when it is disposed of.
import { expect, test } from "vitest";
import { type ExtractedEntity, type Folder, pipeline } from "../../src/index.js";
import { madeFiles, type StoredModel } from "../support/made-models.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { sourceOf } from "./extraction.js";

const bytesAt = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`/fixtures/${path}`)).arrayBuffer());

const device = await sharedDevice();
const kinds = JSON.parse(new TextDecoder().decode(await bytesAt("extraction/kinds.json"))) as readonly StoredModel[];

/** A stored model as a source, with fields of its config changed. */
async function folderOf(name: string, changes: object = {}) {
  const stored = kinds.find((model) => model.name === name)!;
  const [[file, config]] = Object.entries(stored.files) as [[string, object]];
  const model = { ...stored, files: { ...stored.files, [file]: { ...config, ...changes } } };
  const read = await madeFiles([model], (own) => bytesAt(`tokenizer/foreign-ids-800/${own}`));
  return sourceOf(read, name);
}

test.each([
  ["gliner-markerV0", "entity-extraction", { class_token_index: 5000 }, "gliner_config.json: class_token_index"],
  ["gliner-markerV0", "entity-extraction", { class_token_index: 7 }, "gliner_config.json: class_token_index"],
  ["gliclass-simple", "zero-shot-classification", { class_token_index: 5000 }, "config.json: class_token_index"],
] as const)("%s through %s with %j is refused with both numbers", async (name, task, changes, words) => {
  const source = await folderOf(name, changes);
  const own = kinds.find((model) => model.name === name)!;
  const token = own.kind === "gliner" ? 818 : 815;
  await checked(device, async () => {
    const loading = pipeline(task, source, { device: device.gpu });
    await expect(loading).rejects.toMatchObject({ name: "CheckpointError" });
    await expect(loading).rejects.toThrow(words);
    // The tokenizer's id or the table's rows, whichever is found first.
    await expect(loading).rejects.toThrow(new RegExp(`${changes.class_token_index}.*(${token}|820)`));
  });
});

/** Devices differ in the last bits. */
const rounded = (found: readonly ExtractedEntity[]) =>
  found.map(({ score, ...rest }) => ({ ...rest, score: Number(score.toFixed(4)) }));

// A second device compiles every shader anew: seconds, so in the long run only.
test.skipIf(!__LONG__)(
  "reload brings a model back on another device with the same answers; disposing of it twice leaves nothing",
  async () => {
    const text = "Anna Schmidt moved from Berlin to New York.";
    const own = await (await navigator.gpu.requestAdapter())!.requestDevice();
    await checked(device, async () => {
      const extract = await pipeline("entity-extraction", await folderOf("gliner-markerV0"), {
        device: own,
        threshold: 0,
      });
      const before = await extract(text, ["person", "location"]);
      expect(before.length).toBeGreaterThan(0);
      own.destroy();
      await extract.model.lost;
      await expect(extract(text, ["person"])).rejects.toMatchObject({ name: "DeviceError" });
      await extract.model.reload({ device: device.gpu });
      expect(rounded(await extract(text, ["person", "location"]))).toEqual(rounded(before));
      const { gpuBytes, buffers } = extract.model.memory();
      expect(gpuBytes).toBeGreaterThan(0);
      expect(buffers).toBeGreaterThan(0);
      await extract.dispose();
      await extract.dispose();
      await expect(extract(text, ["person"])).rejects.toMatchObject({ name: "DisposedError" });
    });
  },
);

test("no labels, no schema, no text: nothing is found, and labels that cannot be are refused before any work", async () => {
  await checked(device, async () => {
    const source = await folderOf("gliner2-count_lstm");
    const entities = await pipeline("entity-extraction", source, { device: device.gpu });
    const structures = await pipeline("structured-extraction", source, { device: device.gpu });
    const classes = await pipeline("zero-shot-classification", await folderOf("gliclass-simple"), {
      device: device.gpu,
    });
    try {
      expect(await entities("Anna moved.", [])).toEqual([]);
      expect(await entities(["", " "], ["person"])).toEqual([[], []]);
      expect(await entities([], ["person"])).toEqual([]);
      expect(await structures("Anna moved.", {})).toEqual({});
      expect(await structures([], { entities: ["person"] })).toEqual([]);
      expect(await classes([], ["travel"])).toEqual([]);
      await expect(entities(["a", "b"], [["person"]])).rejects.toThrow(RangeError);
      await expect(entities("a", [1] as never)).rejects.toThrow(TypeError);
      await expect(entities("a", ["x"], { threshold: 2 })).rejects.toThrow(RangeError);
    } finally {
      for (const task of [entities, structures, classes]) await task.dispose();
    }
  });
});

/** Files that are the same objects however often they are opened: models share what they make of them. */
function keptSource(folder: Folder): Folder {
  const opened = new Map<string, ReturnType<Folder["open"]>>();
  return {
    open: (name) => {
      const file = opened.get(name) ?? folder.open(name);
      opened.set(name, file);
      return file;
    },
  };
}

test("one loaded model serves several tasks, and a second load of the same files shares its weights", async () => {
  await checked(device, async () => {
    const text = "Anna Schmidt moved from Berlin to New York.";
    const options = { device: device.gpu };
    const source = keptSource(await folderOf("gliner2-count_lstm"));
    const entities = await pipeline("entity-extraction", source, options);
    const found = await entities(text, ["person"], { threshold: 0 });
    const structures = await pipeline("structured-extraction", entities);
    const again = await pipeline("entity-extraction", structures, { threshold: 0 });
    expect(await again(text, ["person"])).toEqual(found);
    const loadedTwice = await pipeline("entity-extraction", source, options);
    expect(loadedTwice.model.memory().shared.gpuBytes).toBeGreaterThan(0.9 * loadedTwice.model.memory().weights);
    expect(await loadedTwice(text, ["person"], { threshold: 0 })).toEqual(found);
    await loadedTwice.dispose();

    await expect(pipeline("zero-shot-classification", entities)).rejects.toThrow("another head");
    await expect(pipeline("structured-extraction", entities, { dtype: "q8" } as object)).rejects.toThrow('"dtype"');
    await Promise.all([entities.dispose(), entities.dispose()]);
    await expect(entities(text, ["person"])).rejects.toMatchObject({ name: "DisposedError" });
    expect(await again(text, ["person"])).toEqual(found);
    await again.dispose();
    expect(await structures(text, { entities: ["person"] })).toBeDefined();
    await structures.dispose();

    const classify = await pipeline("zero-shot-classification", await folderOf("gliclass-simple"), options);
    const second = await pipeline("zero-shot-classification", classify);
    expect(await second(text, ["a", "b"])).toEqual(await classify(text, ["a", "b"]));
    await classify.dispose();
    await second.dispose();

    const gliner = await pipeline("entity-extraction", await folderOf("gliner-markerV0"), options);
    const other = await pipeline("entity-extraction", gliner);
    await gliner.dispose();
    expect(await other(text, ["person"])).toBeInstanceOf(Array);
    await expect(pipeline("structured-extraction", other)).rejects.toThrow("another head");
    await other.dispose();
  });
});
