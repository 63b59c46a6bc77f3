// What page and worker say to each other. Everything travels over a MessagePort that the page opens with one marked message,
// so that a worker may do other things as well, and several connections to one worker do not mix.
import type { Cuts } from "../tasks/cut.js";

/** Marks the message that brings a port; a worker's other messages are not ours. */
const MARK = "deberta-webgpu: connect";

/** The message that opens a connection; its port is sent along. */
export const connectMessage: { readonly kind: string } = { kind: MARK };

export const isConnectMessage = (data: unknown): boolean =>
  typeof data === "object" && data !== null && "kind" in data && data.kind === MARK;

/** What of a loaded task is meant: the task itself, its model or its tokenizer. */
export type Part = "task" | "model" | "tokenizer";

/** Loads a task; `id` is its name from then on. */
export interface LoadRequest {
  readonly id: number;
  readonly kind: "load";
  readonly task: string;
  readonly source: unknown;
  /** In place of a source: the id of a task whose model and tokenizer it shares. */
  readonly from?: number;
  readonly options: object;
}

/** Calls a member of a loaded task, or the task itself; a member that is no function is waited for. */
export interface UseRequest {
  readonly id: number;
  readonly kind: "use";
  /** The id of the task's load. */
  readonly task: number;
  readonly part: Part;
  readonly member?: string;
  readonly args: readonly unknown[];
  /** Which of the arguments had an AbortSignal as its `signal`, which cannot travel. */
  readonly signalOf?: number;
}

/** Stops a task's load, or frees it. */
export interface FreeRequest {
  readonly id: number;
  readonly kind: "free";
  readonly task: number;
}

/** Asks whether the worker still answers. */
export interface PingRequest {
  readonly id: number;
  readonly kind: "ping";
}

/** From the page. Every request has an id that its reply repeats. */
export type Request = LoadRequest | UseRequest | FreeRequest | PingRequest;

/** From the page, without a reply: aborts the request of that id; frees everything. */
export type Notice = { readonly kind: "abort"; readonly id: number } | { readonly kind: "close" };

/** From the worker. */
export type Reply =
  | { readonly id: number; readonly kind: "done"; readonly value: unknown; readonly cuts?: Cuts }
  | { readonly id: number; readonly kind: "failed"; readonly error: unknown }
  | { readonly id: number; readonly kind: "progress"; readonly progress: unknown };
