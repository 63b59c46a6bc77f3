// The talk of page and worker, without a GPU: errors, aborts, arguments, tensors, several connections, a worker that dies.
import { expect, onTestFinished, test, vi } from "vitest";
import { CheckpointError, DeviceError, DisposedError } from "../../src/errors.js";
import { createWorker } from "../../src/worker.js";
import type { Load, ServedTask } from "../../src/worker/serve.js";
import { markCut } from "../../src/tasks/cut.js";
import { redact } from "../../src/tasks/redact.js";
import { FakeWorker, loadFake, servedTask, type FakeTask } from "./support.js";

/** A task of this function over a connection of its own. */
async function remote(run: FakeTask, onDispose?: () => void) {
  const made = await loadFake(new FakeWorker(() => Promise.resolve(servedTask(run, onDispose))));
  onTestFinished(() => made.connection.close(new DisposedError("the test ended")));
  return made.task;
}

test("arguments arrive as they were given, an undefined one too", async () => {
  const task = await remote((...args) => args);
  const question = { question: "who?", context: "me" };
  expect(await task("a")).toEqual(["a"]);
  expect(await task(question)).toEqual([question]);
  expect(await task(["a", "b"], undefined)).toEqual([["a", "b"], undefined]);
  expect(await task("a", ["x"], { topK: null })).toEqual(["a", ["x"], { topK: null }]);
});

test("a result whose text was cut still says so, and redact refuses it", async () => {
  const task = await remote((text) => (text === "short" ? [[]] : [markCut([], 4)]));
  const [cut] = (await task("Anna met Bob")) as [[]];
  expect(() => redact("Anna met Bob", cut)).toThrow("read up to 4 of 12 only");
  const [whole] = (await task("short")) as [[]];
  expect(redact("Anna met Bob", whole)).toBe("Anna met Bob");
});

test("a signal works in whichever argument it is, and stops the run", async () => {
  let stopped: unknown;
  const task = await remote((...args) => {
    const { signal } = args.at(-1) as { signal: AbortSignal };
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        stopped = args.length;
        reject(signal.reason as Error);
      }),
    );
  });
  for (const args of [["a"], [["a"], "b"]]) {
    const controller = new AbortController();
    const run = task(...args, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("changed my mind")), 10);
    await expect(run).rejects.toThrow("changed my mind");
    await vi.waitFor(() => expect(stopped).toBe(args.length + 1));
  }
});

test("a signal that was aborted before rejects without asking", async () => {
  const run = vi.fn();
  const task = await remote(run);
  await expect(task("a", { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
  expect(await task("b")).toBeUndefined();
  expect(run).toHaveBeenCalledTimes(1);
});

test("an error keeps its class, message, fields and causes", async () => {
  const task = await remote(() => {
    const cause = new DOMException("no room", "QuotaExceededError");
    const error = new CheckpointError("model.safetensors: gone", { cause: new RangeError("outer", { cause }) });
    throw Object.assign(error, { file: "model.safetensors", status: 404, callback: () => undefined });
  });
  const error = await task("a").catch((thrown: unknown) => thrown as CheckpointError);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error).toMatchObject({ message: "model.safetensors: gone", file: "model.safetensors", status: 404 });
  expect(error).not.toHaveProperty("callback");
  const { cause } = error as { cause: Error };
  expect(cause).toBeInstanceOf(RangeError);
  expect(cause.cause).toBeInstanceOf(DOMException);
  expect(cause.cause).toMatchObject({ name: "QuotaExceededError", message: "no room" });
});

test("an error of an unknown class keeps its name; what is thrown and is no error arrives as it is", async () => {
  const task = await remote((thrown) => {
    if (thrown === "named") throw Object.assign(new Error("odd"), { name: "OddError" });
    throw Object.assign(Object.create(null) as Error, { code: 7 });
  });
  await expect(task("named")).rejects.toMatchObject({ name: "OddError", message: "odd" });
  await expect(task("object")).rejects.toEqual({ code: 7 });
});

test("a ring of causes ends", async () => {
  const task = await remote(() => {
    const error = new Error("ring");
    throw Object.assign(error, { cause: error });
  });
  await expect(task("a")).rejects.toThrow("ring");
});

test("progress of what still arrives when the task is there is told, until it is freed", async () => {
  let tell: (progress: unknown) => void = () => undefined;
  const load: Load = (_task, _source, { onProgress }) => {
    tell = onProgress!;
    tell("weights");
    return Promise.resolve(servedTask(() => "answer"));
  };
  const told: unknown[] = [];
  const { task, connection } = await loadFake(new FakeWorker(load), (progress) => told.push(progress));
  onTestFinished(() => connection.close(new DisposedError("the test ended")));
  tell("rows");
  expect(await task()).toBe("answer");
  expect(told).toEqual(["weights", "rows"]);
  await task.dispose();
  tell("more rows");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(told).toHaveLength(2);
});

test("what cannot be sent rejects with TypeError, there and back", async () => {
  const task = await remote((value) => (value === "function" ? () => 1 : value));
  await expect(task(() => 1)).rejects.toThrow(TypeError);
  await expect(task("function")).rejects.toMatchObject({ name: "DataCloneError" });
  expect(await task("still there")).toBe("still there");
});

test("tensors are moved, not copied; a tokenizer's results are copied", async () => {
  const data = new Float32Array([1, 2, 3]);
  const task = await remote(() => new Map([["hidden", { data, shape: [1, 3] }]]));
  expect(await task("a")).toEqual(new Map([["hidden", { data: new Float32Array([1, 2, 3]), shape: [1, 3] }]]));
  expect(data.byteLength).toBe(0);
});

test("facts are at hand, methods of model and tokenizer give promises", async () => {
  const task = await remote(() => undefined);
  expect(task.tokenizer.vocabSize).toBe(5);
  expect(await task.tokenizer.tokenize("a b c")).toEqual(["a", "b", "c"]);
  expect(await task.model.memory()).toEqual({ gpuBytes: 7 });
});

test("connections to one worker do not mix, and closing one frees its tasks alone", async () => {
  const freed: string[] = [];
  let count = 0;
  const load: Load = () => {
    const name = `task ${count++}`;
    return Promise.resolve(
      servedTask(
        () => name,
        () => void freed.push(name),
      ),
    );
  };
  const worker = new FakeWorker(load);
  const [first, second] = [await loadFake(worker), await loadFake(worker)];
  expect(await Promise.all([first.task(), second.task(), first.task()])).toEqual(["task 0", "task 1", "task 0"]);
  first.connection.close(new DisposedError("done"));
  await vi.waitFor(() => expect(freed).toEqual(["task 0"]));
  await expect(first.task()).rejects.toThrow(DisposedError);
  expect(await second.task()).toBe("task 1");
  second.connection.close(new DisposedError("done"));
});

test("messages that are not ours are left alone", async () => {
  const load = vi.fn<Load>(() => Promise.resolve(servedTask(() => "ours")));
  const worker = new FakeWorker(load);
  for (const message of [null, undefined, 5, "load", { kind: "load", id: 0 }, { id: 0 }]) worker.postMessage(message);
  const { task, connection } = await loadFake(worker);
  expect(await task()).toBe("ours");
  expect(load).toHaveBeenCalledTimes(1);
  connection.close(new DisposedError("done"));
});

test("dispose frees once; calls afterwards reject", async () => {
  const freed = vi.fn();
  const task = await remote(() => 1, freed);
  await Promise.all([task.dispose(), task.dispose()]);
  expect(freed).toHaveBeenCalledTimes(1);
  await expect(task()).rejects.toThrow(DisposedError);
  await expect(task.model.memory()).rejects.toThrow(DisposedError);
});

test("leaving a using block frees, as dispose does", async () => {
  const freed = vi.fn();
  const task = await remote(() => 1, freed);
  task[Symbol.dispose]();
  await vi.waitFor(() => expect(freed).toHaveBeenCalledTimes(1));
  await expect(task()).rejects.toThrow(DisposedError);
});

test("a task that was given up while it loaded is freed when it is there", async () => {
  const freed = vi.fn();
  let finish!: () => void;
  const arrived = new Promise<void>((resolve) => (finish = resolve));
  const worker = new FakeWorker(() => arrived.then(() => servedTask(() => 1, freed)));
  const loading = loadFake(worker);
  loading.catch(() => undefined);
  const { Connection } = await import("../../src/worker/connection.js");
  const connection = new Connection(worker);
  const id = connection.nextId();
  const load = connection.ask({ kind: "load", task: "any", source: "x/", options: {} }, {}, id);
  await connection.ask({ kind: "free", task: id });
  finish();
  await expect(load).rejects.toThrow(DisposedError);
  expect(freed).toHaveBeenCalledTimes(1);
  (await loading).connection.close(new DisposedError("done"));
  connection.close(new DisposedError("done"));
});

test("a script that is missing ends everything at once", async () => {
  const silent = Object.assign(new EventTarget(), { postMessage: () => undefined });
  const loading = loadFake(silent);
  silent.dispatchEvent(new Event("error"));
  await expect(loading).rejects.toThrow(DeviceError);
});

test("a worker that never answers is given up, with the line that its script lacks", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const silent = Object.assign(new EventTarget(), { postMessage: () => undefined });
  const loading = loadFake(silent).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(String(await loading)).toMatch(/DeviceError: .*worker-thread/);
});

test("an uncaught error of other code in a worker does not end its tasks", async () => {
  const worker = new FakeWorker(() => Promise.resolve(servedTask(() => "alive")));
  const { task, connection } = await loadFake(worker);
  worker.dispatchEvent(Object.assign(new Event("error"), { message: "Uncaught Error: not ours" }));
  expect(await task()).toBe("alive");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await task()).toBe("alive");
  connection.close(new DisposedError("done"));
});

test("a worker that stopped rejects what is open", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const silent = Object.assign(new EventTarget(), { postMessage: () => undefined });
  const loading = loadFake(silent).catch((error: unknown) => error);
  silent.dispatchEvent(Object.assign(new Event("error"), { message: "out of memory" }));
  await vi.advanceTimersByTimeAsync(11_000);
  expect(String(await loading)).toBe("DeviceError: the worker stopped: out of memory");
});

test("a task over another one's model: the worker shares what it holds, and options of loading are refused by name", async () => {
  const calls: { task: string; source: unknown; options: object }[] = [];
  const load: Load = (task, source, options) => {
    calls.push({ task, source, options });
    return Promise.resolve(servedTask(() => task));
  };
  const thread = () => new FakeWorker(load) as unknown as Worker;
  const [worker, other] = [createWorker(thread()), createWorker(thread())];
  onTestFinished(() => [worker, other].forEach((each) => each.terminate()));
  const first = await worker.pipeline("text-classification", "owner/name");
  const second = await worker.pipeline("rerank", first, { topK: 3 });
  expect(await (second as unknown as FakeTask)()).toBe("rerank");
  const [, { source, options }] = calls as [unknown, (typeof calls)[0]];
  expect((source as ServedTask).model).toMatchObject({ config: { numLabels: 2 } }); // the task itself, as the worker has it
  expect(Object.keys(options).sort()).toEqual(["signal", "topK"]);

  const told = { onProgress: () => undefined };
  await expect(worker.pipeline("rerank", first, told)).rejects.toThrow("no option onProgress");
  await expect(other.pipeline("rerank", first)).rejects.toThrow("another worker's");
  await expect(worker.pipeline("rerank", { model: {}, tokenizer: {} })).rejects.toThrow("a model of the page");
  await first.dispose();
  await expect(worker.pipeline("rerank", first)).rejects.toThrow(DisposedError);
  expect(await (second as unknown as FakeTask)()).toBe("rerank");
});
