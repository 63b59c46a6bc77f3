// The page's side of a connection: requests with their replies, progress and aborts, and what happens when the worker dies.
import { DeviceError } from "../errors.js";
import { markCuts } from "../tasks/cut.js";
import { connectMessage, type Notice, type Reply, type Request } from "./protocol.js";
import { receiveError, type Sent } from "./sent-error.js";

/** What a connection needs of a worker. */
export type Target = Pick<Worker, "postMessage" | "addEventListener" | "removeEventListener">;

/** Beside a request: how to stop it, and whom to tell how far it is. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: never) => void) | undefined;
}

export type Asked<R extends Request = Request> = R extends Request ? Omit<R, "id"> : never;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Milliseconds that a worker may take for its first sign of life: its script may come over a slow network. */
const START_LIMIT = 60_000;
/** Milliseconds after an uncaught error of a running worker until it counts as dead. It may just be busy. */
const ERROR_LIMIT = 10_000;

export class Connection {
  readonly #target: Target;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  /** Whom to tell how far a load is, until its task is freed: what arrives when the model is ready, and is kept, is told too. */
  readonly #listeners = new Map<number, (progress: never) => void>();
  #count = 0;
  #closed: Error | undefined;

  constructor(target: Target) {
    this.#target = target;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#receive(data));
    port1.addEventListener("messageerror", () =>
      this.close(new DeviceError("a message of the worker could not be read")),
    );
    port1.start();
    target.addEventListener("error", this.#onError);
    target.postMessage(connectMessage, [port2]);
    this.#expectReply(START_LIMIT, "the worker does not answer: does its script import deberta-webgpu/worker-thread?");
  }

  /** Sends a request under an id of its own, or under one that `nextId` gave. Rejects as the other side does. */
  ask(request: Asked, { signal, onProgress }: AskOptions = {}, id: number = this.nextId()): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#port.postMessage({ kind: "abort", id } satisfies Notice);
        fail(signal!.reason as Error);
      };
      const fail = (error: Error): void => {
        this.#listeners.delete(id);
        settle(() => reject(error));
      };
      const settle = (finish: () => void): void => {
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", abort);
        finish();
      };
      this.#waiting.set(id, {
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => fail(error),
      });
      if (onProgress) this.#listeners.set(id, onProgress);
      if (request.kind === "free") this.#listeners.delete(request.task);
      signal?.addEventListener("abort", abort, { once: true });
      try {
        this.#port.postMessage({ ...request, id });
      } catch (cause) {
        fail(new TypeError(`an argument cannot be sent to a worker: ${String(cause)}`, { cause }));
      }
    });
  }

  nextId(): number {
    return this.#count++;
  }

  /** Frees what this connection holds in the worker; open and later requests reject with `reason`. The worker itself stays. */
  close(reason: Error): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#port.postMessage({ kind: "close" } satisfies Notice);
    this.#port.close();
    this.#target.removeEventListener("error", this.#onError);
    for (const waiting of [...this.#waiting.values()]) waiting.reject(reason);
  }

  #receive(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.kind === "progress") this.#listeners.get(reply.id)?.(reply.progress as never);
    else if (reply.kind === "done") {
      if (reply.cuts) markCuts(reply.value, reply.cuts);
      waiting?.resolve(reply.value);
    } else waiting?.reject(receiveError(reply.error as Sent) as Error);
  }

  /** An error event is no death: an uncaught error of other code leaves a worker running. Without a message its script is missing. */
  readonly #onError = (event: Event): void => {
    const { message } = event as Partial<ErrorEvent>;
    if (message === undefined) this.close(new DeviceError("the worker's script was not found, or may not be loaded"));
    else this.#expectReply(ERROR_LIMIT, `the worker stopped: ${message}`);
  };

  #expectReply(limit: number, otherwise: string): void {
    if (this.#closed) return;
    const timer = setTimeout(() => this.close(new DeviceError(otherwise)), limit);
    void this.ask({ kind: "ping" })
      .catch(() => undefined)
      .finally(() => clearTimeout(timer));
  }
}
