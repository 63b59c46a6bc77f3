// The self-test of every kernel on a user's adapter. Cases and twins are fetched when it is asked for.
import { lazily } from "../lazy.js";
import { notify } from "../notify.js";
import { readOptions } from "../options.js";
import { acquireDevice } from "../runtime/shared-device.js";
import type { CaseResult } from "./case.js";

/** What `selfTest` found. */
export interface SelfTestReport {
  /** Whether every kernel is right. */
  readonly ok: boolean;
  /** The adapter, in the browser's words. */
  readonly adapter: string;
  /** One for each kernel of each case. */
  readonly results: readonly CaseResult[];
}

/** Options of `selfTest`. */
export interface SelfTestOptions {
  /** Default: the device that models share. */
  readonly device?: GPUDevice;
  /** Stops it between two cases. */
  readonly signal?: AbortSignal;
  /** Told how many of all cases are done. */
  readonly onProgress?: (done: number, all: number) => void;
}

/**
 * Runs every kernel on small cases with known answers, as this device would run them: for bug reports and pages that ask before
 * they load a model. A second or so on a GPU, longer on a processor.
 * @throws UnsupportedError without WebGPU, DeviceError when the device is lost, the signal's reason
 */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const {
    device: given,
    signal,
    onProgress,
  } = readOptions("selfTest", options, {
    device: "object",
    signal: "object",
    onProgress: "function",
  });
  signal?.throwIfAborted();
  const { device, release } = await acquireDevice(given);
  try {
    const [{ casesFor }, { runCase }] = await lazily(() =>
      Promise.all([import("./cases.js"), import("./run-case.js")]),
    );
    const cases = casesFor(device.capabilities);
    const results: CaseResult[] = [];
    for (const [index, one] of cases.entries()) {
      signal?.throwIfAborted();
      results.push(...(await runCase(device, one)));
      notify(onProgress, index + 1, cases.length);
    }
    return { ok: results.every(({ ok }) => ok), adapter: device.adapter, results };
  } finally {
    release();
  }
}
