// The worker's side: keeps the tasks of each connection, answers calls, stops what was aborted. All tasks of a worker share
// one GPU device, as all models of a page do.
import { DisposedError } from "../errors.js";
import { cutsOf } from "../tasks/cut.js";
import { transferable } from "./transfer.js";
import {
  isConnectMessage,
  type LoadRequest,
  type Notice,
  type Reply,
  type Request,
  type UseRequest,
} from "./protocol.js";
import { factsOf } from "./facts.js";
import { sendError } from "./sent-error.js";

/** What this side needs of a loaded task; it calls members by name. */
export interface ServedTask {
  readonly model: object;
  readonly tokenizer: object;
  dispose(): void | Promise<void>;
}

/** `pipeline`, as this side calls it. */
export type Load = (
  task: string,
  source: unknown,
  options: { readonly signal: AbortSignal; readonly onProgress?: (progress: unknown) => void },
) => Promise<ServedTask>;

/** Where connections come in: the worker's global object, or one end of a channel. */
export interface Scope {
  addEventListener(kind: "message", listen: (event: MessageEvent<unknown>) => void): void;
}

/** Serves every connection that a page opens; other messages are left to others. */
export function serve(scope: Scope, load: Load): void {
  scope.addEventListener("message", ({ data, ports }) => {
    if (isConnectMessage(data) && ports[0]) serveConnection(ports[0], load);
  });
}

function serveConnection(port: MessagePort, load: Load): void {
  const tasks = new Map<number, ServedTask>();
  /** Requests in progress, by their ids; a load's id is its task's. */
  const running = new Map<number, AbortController>();
  /** Tasks that were given up before they were there. */
  const unwanted = new Set<number>();

  /** The task that was loaded under an id. */
  function taskOf(id: number): ServedTask {
    const loaded = tasks.get(id);
    if (!loaded) throw new DisposedError("this task was disposed");
    return loaded;
  }

  async function loadTask({ id, task, source, from, options }: LoadRequest, signal: AbortSignal): Promise<unknown> {
    const onProgress = (progress: unknown): void => reply({ id, kind: "progress", progress });
    const loaded =
      from === undefined
        ? await load(task, source, { ...options, signal, onProgress })
        : await load(task, taskOf(from), { ...options, signal });
    if (unwanted.delete(id)) {
      await loaded.dispose();
      throw new DisposedError("this task was disposed while it was loading");
    }
    tasks.set(id, loaded);
    return factsOf(loaded);
  }

  function useTask({ task, part, member, args, signalOf }: UseRequest, signal: AbortSignal): unknown {
    const loaded = taskOf(task);
    const owner: object = part === "task" ? loaded : loaded[part];
    const value: unknown = member === undefined ? owner : (owner as Record<string, unknown>)[member];
    if (typeof value !== "function") return value;
    const given = args.map((arg, at) => (at === signalOf ? { ...(arg as object), signal } : arg));
    return Reflect.apply(value, owner, given);
  }

  async function freeTask(task: number): Promise<void> {
    const loading = running.get(task);
    if (loading) {
      unwanted.add(task);
      loading.abort();
    }
    const loaded = tasks.get(task);
    tasks.delete(task);
    await loaded?.dispose();
  }

  async function perform(request: Request, signal: AbortSignal): Promise<unknown> {
    switch (request.kind) {
      case "load":
        return loadTask(request, signal).finally(() => unwanted.delete(request.id));
      case "use":
        return useTask(request, signal);
      case "free":
        return freeTask(request.task);
      case "ping":
        return undefined;
    }
  }

  function close(): void {
    for (const id of [...running.keys(), ...tasks.keys()]) void freeTask(id).catch(() => undefined);
    port.close();
  }

  const reply = (message: Reply, transfer: Transferable[] = []): void => port.postMessage(message, transfer);

  async function answer(request: Request): Promise<void> {
    const { id } = request;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const value = await perform(request, controller.signal);
      const moves = request.kind === "use" && request.part !== "tokenizer"; // a tokenizer keeps what it gives
      const cuts = cutsOf(value);
      reply({ id, kind: "done", value, ...(cuts ? { cuts } : {}) }, moves ? transferable(value) : []);
    } catch (error) {
      reply({ id, kind: "failed", error: sendError(error) });
    } finally {
      running.delete(id);
    }
  }

  port.addEventListener("message", ({ data }: MessageEvent<Request | Notice>) => {
    if (data.kind === "abort") running.get(data.id)?.abort();
    else if (data.kind === "close") close();
    else void answer(data);
  });
  port.start();
}
