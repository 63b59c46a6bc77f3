// The subpath deberta-webgpu/worker: the same `pipeline`, run in a worker of its own, so that a page's main thread stays free.
import type { Source } from "./checkpoint/source.js";
import { DeviceError, DisposedError } from "./errors.js";
import type { LoadOptions } from "./model/load/options.js";
import type { PipelineOptions, Pipelines, TaskFunctions } from "./tasks/pipeline.js";
import { type Answer, receiveError, type Request } from "./tasks/remote.js";

/** Options of the worker's `pipeline`: those of the task, without what cannot cross (`device`, `fetch`). */
export type WorkerOptions<Name extends keyof Pipelines> = Omit<LoadOptions, "device" | "fetch"> &
  PipelineOptions[Name] & {
    /** A worker that runs `deberta-webgpu/worker-thread`, for pages whose policy or bundler asks for their own. */
    readonly worker?: Worker;
  };

/** A task in a worker: called like the task itself; model and tokenizer stay on the other side. */
export type RemoteTask<Name extends keyof Pipelines> = TaskFunctions[Name] & { dispose(): Promise<void> };

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly onProgress: LoadOptions["onProgress"];
}

/**
 * Loads a task in a worker. Sources are those of `pipeline` that can be copied: addresses, ids, files, directory handles.
 * @throws what the task throws, of the same classes; DeviceError when the worker itself dies
 */
export async function pipeline<Name extends keyof Pipelines>(
  task: Name,
  source: Source,
  options: WorkerOptions<Name> = {},
): Promise<RemoteTask<Name>> {
  const { worker: given, signal, onProgress, ...rest } = options;
  signal?.throwIfAborted();
  const worker =
    given ?? new Worker(new URL(/* @vite-ignore */ "./worker-thread.js", import.meta.url), { type: "module" });
  const connection = new Connection(worker);
  // Relative addresses count from the page, which the worker's script does not know.
  const place =
    typeof source === "string" && /^\.{0,2}\//.test(source) ? new URL(source, document.baseURI).href : source;
  try {
    await connection.ask(
      { kind: "load", task, source: place instanceof URL ? place.href : place, options: rest },
      signal,
      onProgress,
    );
  } catch (error) {
    connection.close(new DisposedError("this task failed to load"));
    throw error;
  }
  const call = (...input: readonly unknown[]): Promise<unknown> => {
    // Options come last and are the only plain object behind the first argument.
    const last = input.length > 1 ? input.at(-1) : undefined;
    const hasOptions = typeof last === "object" && last !== null && !Array.isArray(last);
    const { signal: callSignal, ...callOptions }: { signal?: AbortSignal } = hasOptions ? last : {};
    const texts = hasOptions ? input.slice(0, -1) : input;
    return connection.ask({ kind: "call", input: texts, options: callOptions }, callSignal);
  };
  const dispose = async (): Promise<void> => {
    await connection.ask({ kind: "dispose" }).catch(() => undefined);
    connection.close(new DisposedError("this task was disposed"));
  };
  return Object.assign(call, { dispose }) as unknown as RemoteTask<Name>;
}

/** Requests and their answers over one worker, which it owns. */
class Connection {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private closed: Error | undefined;

  constructor(worker: Worker) {
    this.worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.receive(data));
    const died = ({ message }: { message?: string }) =>
      this.close(new DeviceError(`the worker stopped${message ? `: ${message}` : " or its script was not found"}`));
    worker.addEventListener("error", died);
    worker.addEventListener("messageerror", () => died({ message: "a message could not be read" }));
  }

  ask(
    request: DistributiveOmit<Request, "id">,
    signal?: AbortSignal,
    onProgress?: LoadOptions["onProgress"],
  ): Promise<unknown> {
    if (this.closed) return Promise.reject(this.closed);
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const id = this.count++;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.worker.postMessage({ id, kind: "abort" } satisfies Request);
        settle(() => reject(signal!.reason as Error));
      };
      const settle = (finish: () => void) => {
        this.waiting.delete(id);
        signal?.removeEventListener("abort", abort);
        finish();
      };
      this.waiting.set(id, {
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
        onProgress,
      });
      signal?.addEventListener("abort", abort, { once: true });
      try {
        this.worker.postMessage({ ...request, id });
      } catch (cause) {
        settle(() => reject(new TypeError("the source or an option cannot be sent to a worker", { cause })));
      }
    });
  }

  /** Ends the worker; open and later calls reject with `reason`. */
  close(reason: Error): void {
    if (this.closed) return;
    this.closed = reason;
    this.worker.terminate();
    for (const waiting of [...this.waiting.values()]) waiting.reject(reason);
  }

  private receive(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    if (!waiting) return;
    if (answer.kind === "progress")
      waiting.onProgress?.(answer.progress as Parameters<NonNullable<LoadOptions["onProgress"]>>[0]);
    else if (answer.kind === "done") waiting.resolve(answer.value);
    else waiting.reject(receiveError(answer.error));
  }
}
