// The public error classes. A failed call rejects with one of these, with TypeError / RangeError for a caller's mistake,
// or with the abort signal's own reason. `cause` holds the original error where there is one.

/** The browser, the device or the config asks for something this engine does not do. */
export class UnsupportedError extends Error {
  /** The class's name, also where code is minified. */
  override readonly name: string = "UnsupportedError";
}

/**
 * Why files could not be used. "absent": not there. "forbidden": no access; a token may help. "unreachable": the network or the
 * server failed; trying again may help. "damaged": the bytes are not what such a file holds. "changed": another file lies there
 * now; loading again may help. "mismatch": files that do not belong together, or not to the hash that was promised.
 * "unsupported": a kind of file that is not read.
 */
export type CheckpointReason =
  "absent" | "forbidden" | "unreachable" | "damaged" | "changed" | "mismatch" | "unsupported";

/** What a CheckpointError knows beside its message. */
export interface CheckpointDetails {
  /** The file's name in its folder. */
  readonly file?: string | undefined;
  /** Default: "damaged". */
  readonly reason?: CheckpointReason;
  /** What the server answered, as an HTTP status. */
  readonly status?: number | undefined;
  /** The error behind it. */
  readonly cause?: unknown;
}

/** Files are missing, damaged, mismatched or could not be fetched. The message names the file, and the tensor if one is meant. */
export class CheckpointError extends Error {
  /** The class's name, also where code is minified. */
  override readonly name: string = "CheckpointError";
  /** The file's name in its folder; undefined where several are meant. By default what the message begins with, up to a colon. */
  readonly file: string | undefined;
  /** What kind of failure it is, for code that decides what to do. */
  readonly reason: CheckpointReason;
  /** What the server answered. */
  readonly status: number | undefined;

  /** `reason` is "damaged" unless it is given. */
  constructor(message: string, details: CheckpointDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : {});
    this.file = details.file ?? /^([\w.-]+(?:\/[\w.-]+)*): /.exec(message)?.[1];
    this.reason = details.reason ?? "damaged";
    this.status = details.status;
  }
}

/** The GPU device was lost, is out of memory, or refused a shader. */
export class DeviceError extends Error {
  /** The class's name, also where code is minified. */
  override readonly name: string = "DeviceError";
}

/** Something was used after `dispose()`. */
export class DisposedError extends Error {
  /** The class's name, also where code is minified. */
  override readonly name: string = "DisposedError";
}

/** A text from a file, for messages: quoted, and cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** Throws when an invariant of the engine itself is broken; never used for a caller's mistake or a bad file. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`deberta-webgpu: ${message}. Please report this.`);
}
