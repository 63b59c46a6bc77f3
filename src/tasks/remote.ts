// What page and worker say to each other, and how an error crosses: structured clone would turn our classes into plain Error, so
// an error is sent as class name, message and cause, and made anew on the other side.
import { type CheckpointDetails, CheckpointError, DeviceError, DisposedError, UnsupportedError } from "../errors.js";

/** From the page. Every request has an id that its answer repeats. */
export type Request =
  | {
      readonly id: number;
      readonly kind: "load";
      readonly task: string;
      readonly source: unknown;
      readonly options: object;
    }
  | { readonly id: number; readonly kind: "call"; readonly input: readonly unknown[]; readonly options: object }
  | { readonly id: number; readonly kind: "dispose" }
  /** Aborts the request of that id. */
  | { readonly id: number; readonly kind: "abort" };

/** From the worker. */
export type Answer =
  | { readonly id: number; readonly kind: "done"; readonly value: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: SentError }
  | { readonly id: number; readonly kind: "progress"; readonly progress: unknown };

export interface SentError {
  readonly name: string;
  readonly message: string;
  /** What a CheckpointError knows beside its message. */
  readonly details?: CheckpointDetails;
  readonly cause?: SentError;
}

const CLASSES: ReadonlyMap<string, new (message: string, options?: CheckpointDetails) => Error> = new Map<
  string,
  new (message: string, options?: CheckpointDetails) => Error
>([
  ["CheckpointError", CheckpointError],
  ["DeviceError", DeviceError],
  ["DisposedError", DisposedError],
  ["UnsupportedError", UnsupportedError],
  ["TypeError", TypeError],
  ["RangeError", RangeError],
]);

/** An error as plain data; its causes too, as deep as errors go. */
export function sendError(error: unknown, depth = 0): SentError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, cause } = error;
  const details =
    error instanceof CheckpointError ? { file: error.file, reason: error.reason, status: error.status } : undefined;
  return {
    name,
    message,
    ...(details ? { details } : {}),
    ...(cause !== undefined && depth < 4 ? { cause: sendError(cause, depth + 1) } : {}),
  };
}

/** The error that was sent, of its own class. */
export function receiveError({ name, message, cause, details }: SentError): Error {
  const Class = CLASSES.get(name) ?? Error;
  return new Class(message, { ...details, ...(cause ? { cause: receiveError(cause) } : {}) });
}
