// A worker in Node: the thread's side of the protocol at one end of a channel, with tasks made up by a test.
import { Connection, type Target } from "../../src/worker/connection.js";
import type { Facts } from "../../src/worker/facts.js";
import { remoteTask } from "../../src/worker/remote-task.js";
import { serve, type Load, type ServedTask } from "../../src/worker/serve.js";

/** What stands for a worker: messages to it arrive at `serve`, and its error events can be fired. */
export class FakeWorker extends EventTarget implements Target {
  readonly #thread = new EventTarget();

  constructor(load: Load) {
    super();
    serve(
      {
        addEventListener: (kind, listen) =>
          this.#thread.addEventListener(kind, (event) => listen(event as MessageEvent<unknown>)),
      },
      load,
    );
  }

  postMessage(data: unknown, ports?: Transferable[] | StructuredSerializeOptions): void {
    const sent = Array.isArray(ports) ? ports : [];
    this.#thread.dispatchEvent(Object.assign(new Event("message"), { data: structuredClone(data), ports: sent }));
  }
}

export interface FakeTask {
  (...args: unknown[]): unknown;
}

/** A task that a worker can serve: `run` is its function. */
export function servedTask(run: FakeTask, onDispose: () => void = () => undefined): ServedTask {
  const model = { config: { numLabels: 2 }, memory: () => ({ gpuBytes: 7 }) };
  const tokenizer = { vocabSize: 5, tokenize: (text: string) => text.split(" ") };
  return Object.assign(run, { model, tokenizer, dispose: onDispose });
}

/** Loads one task over a connection of its own, as src/worker.ts does. */
export async function loadFake(target: Target, onProgress?: (progress: never) => void) {
  const connection = new Connection(target);
  const id = connection.nextId();
  const facts = (await connection.ask(
    { kind: "load", task: "any", source: "x/", options: {} },
    { onProgress },
    id,
  )) as Facts;
  const task = remoteTask(connection, id, facts) as unknown as {
    (...args: unknown[]): Promise<unknown>;
    model: { memory(): Promise<{ gpuBytes: number }> };
    tokenizer: { vocabSize: number; tokenize(text: string): Promise<string[]> };
    dispose(): Promise<void>;
    [Symbol.dispose](): void;
  };
  return { connection, task };
}
