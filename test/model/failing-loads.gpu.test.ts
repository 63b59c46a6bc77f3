// Loads that fail, at every place where one can: a named error, nothing left on the GPU, and the next load works.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type ByteSource,
  CheckpointError,
  DebertaV2ForSequenceClassification,
  DeviceError,
  type Folder,
} from "../../src/index.js";
import { checkDevice } from "../../src/model/check-device.js";
import { Device } from "../../src/runtime/device.js";
import { filesOf, folderOf, makeCheckpoint, type MadeTensor, MINIATURE } from "../support/checkpoint.js";
import { flush, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();
const made = makeCheckpoint(MINIATURE, "pooled");
const files = filesOf(made);
const good = folderOf(files);
const Model = DebertaV2ForSequenceClassification;

const load = async (source: Folder, gpu = device.gpu, signal?: AbortSignal): Promise<number[]> => {
  const model = await Model.fromPretrained(source, { device: gpu, ...(signal ? { signal } : {}) });
  try {
    return [...(await model.forward({ inputIds: [[1, 5, 6, 2]] })).logits.data];
  } finally {
    await model.dispose();
  }
};
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (reason: unknown) => reason,
  );

let answer: number[];
let before: { buffers: number; bytes: number };
const uncaptured: string[] = [];
const listen = (event: GPUUncapturedErrorEvent) => void uncaptured.push(event.error.message);
beforeAll(async () => {
  answer = await load(good);
  device.gpu.addEventListener("uncapturederror", listen);
  return () => device.gpu.removeEventListener("uncapturederror", listen);
});
beforeEach(() => {
  before = device.totals();
});
afterEach(async () => {
  expect(device.totals()).toEqual(before);
  expect(await load(good)).toEqual(answer);
  await flush(device.gpu);
  expect(uncaptured).toEqual([]);
});

/** The checkpoint with some tensors in place of its own; undefined leaves one out. */
const altered = (changes: Record<string, MadeTensor | undefined>, rename = (name: string) => name): Folder => {
  const tensors = new Map(made.tensors);
  for (const [name, tensor] of Object.entries(changes)) {
    if (tensor) tensors.set(name, tensor);
    else tensors.delete(name);
  }
  const renamed = new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
  return folderOf(filesOf({ json: made.json, tensors: renamed }));
};
const QUERY = "deberta.encoder.layer.1.attention.self.query_proj.weight";
const NORM = "deberta.encoder.layer.0.output.LayerNorm.bias";

describe("what is in the file", () => {
  test("missing tensors are named all at once, as the file spells names", async () => {
    const error = await errorOf(
      load(altered({ [QUERY]: undefined, [NORM]: undefined, "pooler.dense.bias": undefined })),
    );
    expect(error).toBeInstanceOf(CheckpointError);
    for (const name of [QUERY, NORM, "pooler.dense.bias", "model.safetensors"])
      expect((error as Error).message).toContain(name);

    const wrapped = altered({ [QUERY]: undefined, [NORM]: undefined }, (name) => {
      return `module.${name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")}`;
    });
    const other = await errorOf(load(wrapped));
    expect(other).toBeInstanceOf(CheckpointError);
    expect((other as Error).message).toContain(`module.${QUERY}`);
    expect((other as Error).message).toContain("module.deberta.encoder.layer.0.output.LayerNorm.beta");
  });

  test("wrong shapes are told with both shapes, several at once", async () => {
    const wide = { shape: [24, 25], data: new Float32Array(600) };
    const error = await errorOf(
      load(altered({ [QUERY]: wide, [NORM]: { shape: [1, 24], data: new Float32Array(24) } })),
    );
    expect(error).toBeInstanceOf(CheckpointError);
    for (const text of [QUERY, NORM, "[24, 25]", "[24, 24]", "[1, 24]"])
      expect((error as Error).message).toContain(text);
  });

  test.each([NaN, Infinity, -Infinity])("a weight that is %d is named, with its index", async (value) => {
    const { shape, data } = made.tensors.get(QUERY)!;
    const error = await errorOf(load(altered({ [QUERY]: { shape, data: data.with(77, value) } })));
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toContain(`${QUERY} has a NaN or infinite element at index 77`);
  });

  test("a weight that f16 does not hold is named where f16 is asked for; f32 holds it", async () => {
    const { shape, data } = made.tensors.get(QUERY)!;
    const source = altered({ [QUERY]: { shape, data: data.with(77, 65_600) } });
    const error = await errorOf(Model.fromPretrained(source, { device: device.gpu, dtype: "f16" }));
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toContain(`${QUERY} has an element beyond 65504 at index 77`);
    expect((await load(source)).every(Number.isFinite)).toBe(true);
  });

  test("a row of the word table that is not finite is found when it is used", async () => {
    const table = "deberta.embeddings.word_embeddings.weight";
    const { shape, data } = made.tensors.get(table)!;
    const source = altered({ [table]: { shape, data: data.with(24 * 6 + 3, NaN) } });
    const model = await Model.fromPretrained(source, { device: device.gpu });
    await expect(model.forward({ inputIds: [[1, 6]] })).rejects.toThrow(/word_embeddings\.weight\[6, 3\]/);
    expect((await model.forward({ inputIds: [[1, 5]] })).logits.data.every(Number.isFinite)).toBe(true);
    await model.dispose();
  });

  test("a file cut anywhere is refused before the GPU has anything", async () => {
    const whole = files.get("model.safetensors")!;
    const cuts = [0, 1, 8, 9, 100, whole.length >> 1, whole.length - 4, whole.length - 1];
    for (const length of cuts) {
      const cut = new Map(files).set("model.safetensors", whole.slice(0, length));
      const error = await errorOf(load(folderOf(cut)));
      expect(error, `${length} bytes`).toBeInstanceOf(CheckpointError);
      expect((error as Error).message).toContain("model.safetensors");
    }
  });

  test("a source that delivers fewer bytes than it promised, or throws, in the middle of the weights", async () => {
    const failing = (read: (start: number, end: number) => AsyncIterable<Uint8Array>): Folder => ({
      open: async (name) => {
        const source = await good.open(name);
        return source && name.endsWith(".safetensors") ? { size: source.size, read } : source;
      },
    });
    const bytes = files.get("model.safetensors")!;
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable is what a source gives
    const short = failing(async function* (start, end) {
      yield bytes.subarray(start, Math.min(end, 20_000));
    });
    expect(await errorOf(load(short))).toBeInstanceOf(CheckpointError);
    // eslint-disable-next-line @typescript-eslint/require-await
    const broken = failing(async function* (start, end) {
      yield bytes.subarray(start, Math.min(end, 20_000));
      if (end > 20_000) throw new Error("the cable was pulled");
    });
    const error = await errorOf(load(broken));
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error & { cause?: Error }).cause?.message ?? (error as Error).message).toContain("cable");
  });
});

test("a server without ranges: its one download ends when the load fails before the weights", async () => {
  const tensors = new Map(made.tensors).set("other", { shape: [100_000], data: new Float32Array(100_000) });
  tensors.delete(QUERY);
  const served = filesOf({ json: made.json, tensors });
  let open = 0;
  const serveWhole: typeof fetch = (input) => {
    const bytes = served.get((input as string).split("/").at(-1)!);
    if (!bytes) return Promise.resolve(new Response(null, { status: 404 }));
    let at = 0;
    open++;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at < bytes.length) {
          controller.enqueue(bytes.slice(at, (at += 16_384)));
        } else {
          open--;
          controller.close();
        }
      },
      cancel() {
        open--;
      },
    });
    return Promise.resolve(new Response(body, { headers: { "Content-Length": String(bytes.length) } }));
  };
  const source = "https://models.example/miniature/";
  const error = await errorOf(Model.fromPretrained(source, { device: device.gpu, fetch: serveWhole }));
  expect((error as Error).message).toContain(`1 tensor is missing: ${QUERY}`);
  expect(open).toBe(0);
});

/** A folder that calls `before` ahead of each of its answers: opening a file, and each chunk of 512 bytes. */
function stepping(before: () => void): Folder {
  return {
    open: async (name) => {
      before();
      const source = await good.open(name);
      if (!source) return undefined;
      const stepped: ByteSource = {
        size: source.size,
        async *read(start, end) {
          for (let at = start; at < end; at += 4096) {
            before();
            yield* source.read(at, Math.min(end, at + 4096));
          }
        },
      };
      return stepped;
    },
  };
}

test("abort at every step of reading: the signal's own reason, and nothing is left", async () => {
  let steps = 0;
  await load(stepping(() => steps++));
  expect(steps).toBeGreaterThan(10);
  for (let n = 1; n <= steps; n++) {
    const controller = new AbortController();
    const reason = { step: n };
    let step = 0;
    const source = stepping(() => {
      if (++step === n) controller.abort(reason);
    });
    const error = await errorOf(load(source, device.gpu, controller.signal));
    expect(error, `step ${n} of ${steps}`).toBe(reason);
    expect(device.totals(), `step ${n} of ${steps}`).toEqual(before);
  }
});

test("of two loads of the same files one is aborted: the other answers", async () => {
  const controller = new AbortController();
  let step = 0;
  const source = stepping(() => {
    if (++step === 8) controller.abort("enough");
  });
  const [aborted, other] = await Promise.allSettled([load(source, device.gpu, controller.signal), load(source)]);
  expect(aborted).toEqual({ status: "rejected", reason: "enough" });
  expect(other).toEqual({ status: "fulfilled", value: answer });
});

test("abort after some milliseconds, wherever that is", async () => {
  for (let delay = 0; delay < 40; delay += 3) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort("enough"), delay);
    const error = await errorOf(load(good, device.gpu, controller.signal));
    clearTimeout(timer);
    if (error !== undefined) expect(error).toBe("enough");
    expect(device.totals()).toEqual(before);
  }
});

test("a signal that was aborted before asks for nothing", async () => {
  let opened = 0;
  const source: Folder = { open: (name) => (opened++, good.open(name)) };
  const reason = new Error("not today");
  expect(await errorOf(load(source, device.gpu, AbortSignal.abort(reason)))).toBe(reason);
  expect(opened).toBe(0);
});

const ownDevice = async (): Promise<GPUDevice> => {
  const adapter = await navigator.gpu.requestAdapter();
  return adapter!.requestDevice();
};

/** In the short run every fifth, as out-of-memory.test.ts has more of them. */
const STEP = __LONG__ ? 1 : 5;

test("the n-th buffer cannot be made, for every n: DeviceError, and nothing is left", async () => {
  const gpu = await ownDevice();
  const create = gpu.createBuffer.bind(gpu);
  let calls = 0;
  let failing = Infinity;
  // Far above any limit: the browser's own error, in the scope where it belongs, and a buffer that is invalid.
  gpu.createBuffer = (descriptor) => create(++calls === failing ? { ...descriptor, size: 2 ** 45 } : descriptor);
  const nothing = { buffers: 0, bytes: 0 };
  for (failing = 1; ; failing += STEP) {
    calls = 0;
    const error = await errorOf(checkDevice(Device.of(gpu))); // tried again by the next load
    if (error === undefined) break;
    expect(error, `buffer ${failing} of the check`).toBeInstanceOf(DeviceError);
    expect(Device.of(gpu).totals()).toEqual(nothing);
  }
  expect(failing).toBeGreaterThan(20);
  failing = Infinity;
  calls = 0;
  const expected = await load(good, gpu);
  const count = calls;
  expect(count).toBeGreaterThan(20);
  for (failing = 1; failing <= count; failing += STEP) {
    calls = 0;
    const error = await errorOf(load(good, gpu));
    expect(error, `buffer ${failing} of ${count}`).toBeInstanceOf(DeviceError);
    expect(Device.of(gpu).totals(), `buffer ${failing} of ${count}`).toEqual(nothing);
  }
  calls = 0;
  expect(await load(good, gpu)).toEqual(expected);
  gpu.destroy();
});

test("a device lost before, amid and at the end of reading: DeviceError within a second", async () => {
  let steps = 0;
  await load(stepping(() => steps++));
  // Each device compiles anew: the short run has one.
  for (const n of __LONG__ ? [1, steps >> 1, steps] : [steps >> 1]) {
    const gpu = await ownDevice();
    let step = 0;
    let lost = Infinity;
    const source = stepping(() => {
      if (++step !== n) return;
      lost = performance.now();
      gpu.destroy();
    });
    const error = await errorOf(load(source, gpu));
    expect(error, `step ${n} of ${steps}`).toBeInstanceOf(DeviceError);
    expect((error as Error).message).toMatch(/lost/);
    expect(performance.now() - lost).toBeLessThan(1000);
    expect(Device.of(gpu).totals()).toEqual({ buffers: 0, bytes: 0 });
  }
});
