// The public error classes. A failed call rejects with one of these, with TypeError / RangeError for a caller's mistake,
// or with the abort signal's own reason. `cause` holds the original error where there is one.

/** The browser, the device or the config asks for something this engine does not do. */
export class UnsupportedError extends Error {
  override readonly name: string = "UnsupportedError";
}

/** Files are missing, damaged, mismatched or could not be fetched. The message names the file, and the tensor if one is meant. */
export class CheckpointError extends Error {
  override readonly name: string = "CheckpointError";
}

/** The GPU device was lost, is out of memory, or refused a shader. */
export class DeviceError extends Error {
  override readonly name: string = "DeviceError";
}

/** Something was used after `dispose()`. */
export class DisposedError extends Error {
  override readonly name: string = "DisposedError";
}

/** Throws when an invariant of the engine itself is broken; never used for a caller's mistake or a bad file. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`deberta-webgpu: ${message}. Please report this.`);
}
