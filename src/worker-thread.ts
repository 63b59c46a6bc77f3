// The script of the worker that src/worker.ts starts: loads one task and answers calls. A page that wants another arrangement
// copies this file; it uses the public API only.
import { pipeline, type Pipelines } from "./tasks/pipeline.js";
import { type Answer, type Request, sendError } from "./tasks/remote.js";

type AnyTask = ((...input: unknown[]) => Promise<unknown>) & { dispose(): void | Promise<void> };

const running = new Map<number, AbortController>();
let task: AnyTask | undefined;

const answer = (message: Answer): void => globalThis.postMessage(message);

async function perform(request: Request, signal: AbortSignal): Promise<unknown> {
  switch (request.kind) {
    case "load": {
      const onProgress = (progress: unknown) => answer({ id: request.id, kind: "progress", progress });
      const options = { ...request.options, signal, onProgress };
      task = (await pipeline(request.task as keyof Pipelines, request.source as string, options)) as unknown as AnyTask;
      return undefined;
    }
    case "call":
      return task!(...request.input, { ...request.options, signal });
    case "dispose":
      return task?.dispose();
    case "abort":
      return undefined;
  }
}

globalThis.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "abort") {
    running.get(data.id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(data.id, controller);
  perform(data, controller.signal)
    .then(
      (value) => answer({ id: data.id, kind: "done", value }),
      (error: unknown) => answer({ id: data.id, kind: "failed", error: sendError(error) }),
    )
    .finally(() => running.delete(data.id));
});
