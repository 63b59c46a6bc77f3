// The subpath deberta-webgpu/worker: the same `pipeline`, run in a worker, so that a page's main thread stays free.
import "./ambient.js";
import type { Source } from "./checkpoint/source.js";
import { DisposedError, UnsupportedError } from "./errors.js";
import type { LoadOptions } from "./model/load/options.js";
import type { LoadedParts, PipelineOptions, Pipelines } from "./tasks/pipeline.js";
import { Connection } from "./worker/connection.js";
import type { Facts } from "./worker/facts.js";
import { placeOfTask, remoteTask, type RemoteTask } from "./worker/remote-task.js";

export { CheckpointError, DeviceError, DisposedError, UnsupportedError } from "./errors.js";
export type { ConfigFacts, TokenizerFacts } from "./worker/facts.js";
export type { RemoteModel, RemoteTask, RemoteTokenizer } from "./worker/remote-task.js";

/** Options of a worker's `pipeline`: those of loading and of the task, without what cannot be sent (`device`, `fetch`). */
export type RemoteOptions<Name extends keyof Pipelines> = Omit<LoadOptions, "device" | "fetch"> & PipelineOptions[Name];

/** Options of `pipeline`. */
export type WorkerOptions<Name extends keyof Pipelines> = RemoteOptions<Name> & {
  /** A worker whose script imports `deberta-webgpu/worker-thread`, for pages that make their own. It is left running. */
  readonly worker?: Worker;
};

/** A worker that holds several tasks, which share one GPU device. */
export interface TaskWorker {
  /**
   * Loads a task in the worker. Sources are those of the page's `pipeline` that can be sent: addresses (relative ones count
   * from the page), ids, files, directory handles; or a task of this worker, whose model has the head that this task needs and is
   * shared. Calls of a task are stopped by the `signal` of their options.
   * @throws what the task throws, of the same classes and with the same fields; DeviceError when the worker dies
   */
  pipeline<Name extends keyof Pipelines>(
    task: Name,
    source: Source | LoadedParts,
    options?: RemoteOptions<Name>,
  ): Promise<RemoteTask<Name>>;
  /** Frees all its tasks, and ends the worker unless it was given. Calls that are open reject with DisposedError. */
  terminate(): void;
  /** `terminate`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Starts a worker, or uses one of yours.
 *
 * ```ts
 * const worker = createWorker();
 * const classify = await worker.pipeline("text-classification", "/models/tiny-intent/");
 * const redact = await worker.pipeline("token-classification", "/models/tiny-redact/");
 * ```
 *
 * @param worker one whose script imports `deberta-webgpu/worker-thread`; it may do other things too, and is not ended
 * @throws UnsupportedError where the page may not start the package's own script, because it lies on another origin
 */
export function createWorker(worker?: Worker): TaskWorker {
  const target = worker ?? startWorker();
  const connection = new Connection(target);

  function close(reason: Error): void {
    connection.close(reason);
    if (!worker) target.terminate();
  }
  const terminate = (): void => close(new DisposedError("the worker was terminated"));

  async function pipeline<Name extends keyof Pipelines>(
    task: Name,
    source: Source | LoadedParts,
    options: RemoteOptions<Name> = {},
  ): Promise<RemoteTask<Name>> {
    const { signal, onProgress, ...rest } = options;
    for (const name of ["device", "fetch"]) if (name in rest) throw new TypeError(`${name} cannot be sent to a worker`);
    const id = connection.nextId();
    const from = isTask(source) ? taskHere(source) : undefined;
    if (from !== undefined && onProgress)
      throw new TypeError("pipeline of a loaded model: there is no option onProgress, as nothing is loaded");
    const place = from === undefined ? { source: fromHere(source as Source) } : { source: undefined, from };
    const request = { kind: "load", task, ...place, options: rest } as const;
    try {
      const facts = (await connection.ask(request, { signal, onProgress }, id)) as Facts;
      return remoteTask(connection, id, facts);
    } catch (error) {
      // Nothing may stay there of a load that failed or was given up; a worker that is gone holds nothing.
      await connection.ask({ kind: "free", task: id }).catch(() => undefined);
      throw error;
    }
  }

  /** The id of a task of this worker. */
  function taskHere(task: LoadedParts): number {
    const place = placeOfTask(task);
    if (place?.connection === connection) return place.id;
    throw new TypeError(
      place
        ? "the task is another worker's: call `pipeline` of that one"
        : "a model of the page cannot be sent to a worker: give a task of the same worker, or a source",
    );
  }

  return { pipeline, terminate, [Symbol.dispose]: terminate };
}

/** Workers that `pipeline` started, by their tasks. */
const homes = new WeakMap<object, { readonly worker: TaskWorker; tasks: number }>();

/**
 * Loads a task in a worker of its own, or in the one given as `worker`; or, of a task that this function made, in the worker of that one,
 * whose model is shared. The last `dispose` of a worker's tasks ends it unless it was given.
 *
 * ```ts
 * import { pipeline } from "deberta-webgpu/worker";
 * const classify = await pipeline("text-classification", "/models/tiny-intent/");
 * const [best] = await classify("wake me up at half past six tomorrow");
 * ```
 *
 * @throws what the task throws, of the same classes and with the same fields; DeviceError when the worker dies;
 *   UnsupportedError where the package's script lies on another origin
 */
export async function pipeline<Name extends keyof Pipelines>(
  task: Name,
  source: Source | LoadedParts,
  options: WorkerOptions<Name> = {},
): Promise<RemoteTask<Name>> {
  const { worker: given, ...rest } = options;
  options.signal?.throwIfAborted();
  const known = isTask(source) ? homes.get(source) : undefined;
  if (known && given) throw new TypeError("worker: a task of a loaded one runs in the worker of that one");
  const home = known ?? { worker: createWorker(given), tasks: 0 };
  home.tasks++;
  const leave = (): void => {
    if (--home.tasks === 0) home.worker.terminate();
  };
  try {
    const loaded = await home.worker.pipeline<Name>(task, source, rest as RemoteOptions<Name>);
    homes.set(loaded, home);
    const freeTask = loaded.dispose.bind(loaded);
    let disposal: Promise<void> | undefined;
    const dispose = (): Promise<void> => (disposal ??= freeTask().then(leave));
    return Object.assign(loaded, { dispose, [Symbol.dispose]: () => void dispose() });
  } catch (error) {
    leave();
    throw error;
  }
}

/** Whether something was loaded already: a source has no model. */
const isTask = (source: Source | LoadedParts): source is LoadedParts =>
  ["object", "function"].includes(typeof source) && (source as unknown) !== null && "model" in (source as object);

/** Bundlers look for this expression, word for word; the package's build writes the script's name with .js. */
function startWorker(): Worker {
  try {
    return new Worker(new URL("./worker-thread.ts", import.meta.url), { type: "module" });
  } catch (cause) {
    throw new UnsupportedError(
      'a page can start a worker only from a script of its own origin: serve a file that has the line import "deberta-webgpu/worker-thread" (or that of the address you load the package from), and pass `new Worker(file, { type: "module" })` to createWorker, or as the option `worker`',
      { cause },
    );
  }
}

/** Relative addresses count from the page, or from the script that asks, which the worker does not know. */
function fromHere(source: Source): unknown {
  if (source instanceof URL) return source.href;
  const scope: Partial<Pick<Window, "document" | "location">> = globalThis;
  const base = scope.document?.baseURI ?? scope.location?.href;
  return typeof source === "string" && /^\.{0,2}\/(?![/\\])/.test(source) ? new URL(source, base).href : source;
}
