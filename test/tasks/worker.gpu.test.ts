// The same pipeline in a worker: answers, progress, errors of their own classes, abort, a dead worker.
import { expect, test } from "vitest";
import { CheckpointError, DeviceError, DisposedError, pipeline } from "../../src/index.js";
import { pipeline as remotePipeline } from "../../src/worker.js";

const SOURCE = "/models/tiny-intent/";

const thread = (): Worker => new Worker(new URL("../../src/worker-thread.ts", import.meta.url), { type: "module" });

test("a task in a worker answers as it does in the page", async () => {
  const files = new Set<string>();
  const [remote, local] = await Promise.all([
    remotePipeline("text-classification", SOURCE, { worker: thread(), onProgress: ({ file }) => files.add(file) }),
    pipeline("text-classification", SOURCE),
  ]);
  const texts = ["wake me up at half past six tomorrow", "tell me a joke"];
  expect(await remote(texts, { topK: 3 })).toEqual(await local(texts, { topK: 3 }));
  expect(await remote(texts[0]!)).toEqual(await local(texts[0]!));
  expect([...files].sort()).toEqual(["model.safetensors", "shaders", "spm.model"]);
  const aborted = AbortSignal.abort(new Error("changed my mind"));
  await expect(remote(texts[0]!, { signal: aborted })).rejects.toThrow("changed my mind");
  await remote.dispose();
  await expect(remote(texts[0]!)).rejects.toThrow(DisposedError);
  await local.dispose();
});

test("errors cross with their class and cause", async () => {
  await expect(remotePipeline("text-classification", "/models/nowhere/", { worker: thread() })).rejects.toThrow(
    CheckpointError,
  );
});

test("a script that is not there rejects instead of hanging", async () => {
  const worker = new Worker("/no-such-script.js", { type: "module" });
  await expect(remotePipeline("text-classification", SOURCE, { worker })).rejects.toThrow(DeviceError);
});
