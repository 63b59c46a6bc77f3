// How an error crosses: structured clone would turn our classes into plain Error and drop their fields, so an error is sent as
// plain data and made anew on the other side.
import { CheckpointError, DeviceError, DisposedError, UnsupportedError } from "../errors.js";

/** What was thrown: an error as plain data, or, when it is none, the value as it is. */
export type Sent = { readonly error: SentError } | { readonly value: unknown };

/** An error as plain data. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly isDomException: boolean;
  readonly stack: string | undefined;
  /** The error's own fields that can be sent. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause?: Sent;
}

const DEEPEST_CAUSE = 8; // a chain of causes may be a ring

const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  CheckpointError,
  DeviceError,
  DisposedError,
  UnsupportedError,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
};

/** What was thrown, ready to be sent. */
export function sendError(thrown: unknown, depth = 0): Sent {
  if (!(thrown instanceof Error)) return { value: isSendable(thrown) ? thrown : String(thrown) };
  const { name, message, stack, cause } = thrown;
  const own = Object.entries(thrown).filter(([field, value]) => !STANDARD.has(field) && isSendable(value));
  return {
    error: {
      name,
      message,
      isDomException: typeof DOMException !== "undefined" && thrown instanceof DOMException,
      stack,
      fields: Object.fromEntries(own),
      ...(cause !== undefined && depth < DEEPEST_CAUSE ? { cause: sendError(cause, depth + 1) } : {}),
    },
  };
}

/** What was thrown on the other side, an error being of its own class again. */
export function receiveError(sent: Sent): unknown {
  if (!("error" in sent)) return sent.value;
  const { name, message, isDomException, stack, fields, cause } = sent.error;
  const Class = Object.hasOwn(CLASSES, name) ? CLASSES[name]! : Error;
  const error = isDomException ? new DOMException(message, name) : new Class(message);
  const define = (field: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, field, { value, enumerable, writable: true, configurable: true });
  };
  if (error.name !== name) define("name", name, false);
  if (stack !== undefined) define("stack", stack, false);
  if (cause) define("cause", receiveError(cause), false);
  for (const [field, value] of Object.entries(fields)) define(field, value, true);
  return error;
}

const STANDARD = new Set(["name", "message", "stack", "cause"]);

function isSendable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
