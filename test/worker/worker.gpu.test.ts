// Tasks in a real worker: answers, several tasks on one device, looking inside, errors, aborts in flight, a worker of one's own.
import { expect, test } from "vitest";
import { CheckpointError, DeviceError, DisposedError, pipeline } from "../../src/index.js";
import { createWorker, pipeline as remotePipeline } from "../../src/worker.js";

const SOURCE = "/models/tiny-intent/";

const thread = (): Worker => new Worker(new URL("../../src/worker-thread.ts", import.meta.url), { type: "module" });

test("a task in a worker answers as it does in the page", async () => {
  const files = new Set<string>();
  const [remote, local] = await Promise.all([
    remotePipeline("text-classification", SOURCE, { onProgress: ({ file }) => files.add(file) }),
    pipeline("text-classification", SOURCE),
  ]);
  const texts = ["wake me up at half past six tomorrow", "tell me a joke"];
  expect(await remote(texts, { topK: 3 })).toEqual(await local(texts, { topK: 3 }));
  expect(await remote(texts[0]!)).toEqual(await local(texts[0]!));
  expect([...files]).toEqual(expect.arrayContaining(["model.safetensors", "shaders", "spm.model"]));

  expect(remote.model.config.numLabels).toBe(local.model.config.numLabels);
  expect(remote.model.config.range).toBe(local.model.config.range);
  expect(remote.model.config.id2label).toEqual(local.model.config.id2label);
  expect(remote.tokenizer.maskTokenId).toBe(local.tokenizer.maskTokenId);
  const encoding = await remote.tokenizer.encode(texts[0]!);
  expect(encoding).toEqual(local.tokenizer.encode(texts[0]!));
  expect(await remote.tokenizer.convertIdsToTokens(encoding.ids)).toEqual(encoding.tokens);
  expect(await remote.tokenizer.decode(encoding.ids)).toBe(local.tokenizer.decode(encoding.ids));
  const inputs = { inputIds: [encoding.ids], tokenTypeIds: [encoding.typeIds] };
  expect(await remote.model.forward(inputs)).toEqual(await local.model.forward(inputs));
  expect(await remote.model.inspect(inputs, { attentionTerms: [0] })).toEqual(
    await local.model.inspect(inputs, { attentionTerms: [0] }),
  );
  if (__LONG__)
    // a node is repeated until the clock shows its time
    expect((await remote.model.profile(inputs)).length).toBe((await local.model.profile(inputs)).length);
  expect(await remote.model.describe()).toBe(local.model.describe());
  expect(await remote.model.memory()).toEqual(local.model.memory());

  await remote.dispose();
  await remote.dispose();
  await expect(remote(texts[0]!)).rejects.toThrow(DisposedError);
  await local.dispose();
});

test("one worker holds several tasks, and each is freed by itself", async () => {
  const worker = createWorker();
  const [intent, spans] = await Promise.all([
    worker.pipeline("text-classification", SOURCE),
    worker.pipeline("feature-extraction", SOURCE, { pooling: "mean" }),
  ]);
  const [[best], vector] = await Promise.all([intent("tell me a joke"), spans("tell me a joke")]);
  expect(best!.score).toBeGreaterThan(0.5);
  expect(vector.shape).toEqual([1, intent.model.config.hiddenSize]);
  await spans.dispose();
  await expect(spans("a")).rejects.toThrow(DisposedError);
  expect(await intent("tell me a joke")).toEqual([best]);
  const open = intent("tell me a joke");
  worker.terminate();
  await expect(open).rejects.toThrow(DisposedError);
  await expect(worker.pipeline("text-classification", SOURCE)).rejects.toThrow(DisposedError);
});

test("a second task over the first one's model, in its worker, which ends with the last of them", async () => {
  const text = "tell me a joke";
  const classify = await remotePipeline("text-classification", SOURCE);
  const judge = await remotePipeline("zero-shot-classification", classify);
  const { weights } = await judge.model.memory();
  expect(await judge.model.memory()).toMatchObject({
    weights,
    shared: { gpuBytes: (await judge.model.memory()).gpuBytes },
  });
  expect((await judge(text, ["a", "b"])).labels).toHaveLength(2);
  await expect(remotePipeline("question-answering", classify)).rejects.toThrow("another head");
  await expect(remotePipeline("zero-shot-classification", classify, { dtype: "q8" })).rejects.toThrow('"dtype"');
  await expect(remotePipeline("zero-shot-classification", classify, { worker: thread() })).rejects.toThrow(TypeError);
  await classify.dispose();
  expect((await judge(text, ["a"])).labels).toEqual(["a"]);
  await judge.dispose();
  await expect(judge(text, ["a"])).rejects.toThrow(DisposedError);
});

test("a worker of one's own stays, other messages to it are left alone", async () => {
  const own = thread();
  own.postMessage(null);
  own.postMessage({ kind: "load" });
  const first = await remotePipeline("text-classification", SOURCE, { worker: own });
  const second = await remotePipeline("text-classification", SOURCE, { worker: own });
  const answer = await first("tell me a joke");
  await first.dispose();
  expect(await second("tell me a joke")).toEqual(answer);
  await second.dispose();
  const third = await remotePipeline("text-classification", SOURCE, { worker: own });
  expect(await third("tell me a joke")).toEqual(answer);
  own.terminate();
});

test("an abort in flight stops the run: the next one does not wait for it", async () => {
  const remote = await remotePipeline("text-classification", SOURCE);
  const short = "tell me a joke";
  const long = new Array<string>(8).fill("wake me up at half past six tomorrow ".repeat(12));
  await remote(short);
  const timed = async (run: Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await run;
    return performance.now() - start;
  };
  const whole = await timed(remote(long));
  const controller = new AbortController();
  const runs = [1, 2, 3, 4].map(() => remote(long, { signal: controller.signal }));
  setTimeout(() => controller.abort(new Error("changed my mind")), 1);
  for (const run of runs) await expect(run).rejects.toThrow("changed my mind");
  expect(await timed(remote(short))).toBeLessThan(2.5 * whole); // four runs would take four times as long
  await remote.dispose();
});

test("errors cross with their class, and a failed load leaves the worker usable", async () => {
  const worker = createWorker();
  await expect(worker.pipeline("text-classification", "/models/nowhere/")).rejects.toThrow(CheckpointError);
  await expect(worker.pipeline("no-such-task" as "rerank", SOURCE)).rejects.toThrow(RangeError);
  await expect(worker.pipeline("rerank", { open: () => Promise.resolve(undefined) })).rejects.toThrow(TypeError);
  await expect(worker.pipeline("rerank", SOURCE, { fetch } as object)).rejects.toThrow(/fetch cannot be sent/);
  const aborted = AbortSignal.abort(new Error("changed my mind"));
  await expect(worker.pipeline("rerank", SOURCE, { signal: aborted })).rejects.toThrow("changed my mind");
  const intent = await worker.pipeline("text-classification", SOURCE);
  await expect(intent(5 as unknown as string)).rejects.toThrow(TypeError);
  expect(await intent("tell me a joke")).toHaveLength(1);
  worker.terminate();
});

test("a script that is not there rejects instead of hanging", async () => {
  const worker = new Worker("/no-such-script.js", { type: "module" });
  await expect(remotePipeline("text-classification", SOURCE, { worker })).rejects.toThrow(DeviceError);
});
