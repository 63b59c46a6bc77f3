// What the page measures on a visitor's GPU, as plain data: what the adapter is, whether every kernel is right, how fast every body of
// the matrix product, every kernel and whole models are. Slow adapters get smaller shapes; the report says so.
import { selfTest } from "deberta-webgpu";
import { type Capabilities, Device, type StepTime } from "deberta-webgpu/runtime";
import { dispatchOf, KERNEL_SHAPES } from "../kernel-shapes.js";
import { measureCeiling } from "../peak.js";
import { timeKernel } from "../time-kernel.js";
import { type ShapeTimes, timeBodies } from "./bodies.js";
import { type ModelTime, timeModels } from "./models.js";

/** One kernel of kernel-shapes.ts. */
export interface KernelTime extends Partial<Omit<StepTime, "name" | "kernel">> {
  readonly kernel: string;
  /** Why there is no time. */
  readonly failed?: string;
}

/** The file that the page gives to save. Times are in milliseconds. */
export interface Report {
  /** Of the package. */
  readonly version: string;
  readonly date: string;
  readonly browser: string;
  readonly adapter: Readonly<Record<string, string | number | boolean>>;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly capabilities: Capabilities;
  /** Milliseconds for one body. */
  readonly budget: number;
  /** Arithmetic on registers alone, in GFLOP/s. */
  readonly ceiling: number;
  readonly selfTest: { readonly cases: number; readonly wrong: readonly string[] };
  readonly bodies: readonly ShapeTimes[];
  readonly kernels: readonly KernelTime[];
  readonly models: readonly ModelTime[];
}

/** What can be measured, and the share of the whole time that it takes, roughly. */
export const PARTS = { selfTest: 0.2, bodies: 0.4, kernels: 0.2, models: 0.2 } as const;

/** A name of PARTS. */
export type Part = keyof typeof PARTS;

export interface ReportOptions {
  readonly version: string;
  /** What is measured; the report has nothing of the rest. */
  readonly parts: readonly Part[];
  /** Milliseconds for one body. */
  readonly budget: number;
  readonly signal?: AbortSignal;
  /** Told what is measured, and the share of all that is done. */
  readonly onProgress?: (text: string, share: number) => void;
}

/** Names and values of an object whose fields are its prototype's. */
function fieldsOf<T>(object: object, type: (value: unknown) => value is T): Record<string, T> {
  const fields: Record<string, T> = {};
  for (const name in object) {
    const value = (object as Record<string, unknown>)[name];
    if (type(value)) fields[name] = value;
  }
  return fields;
}

const isNumber = (value: unknown): value is number => typeof value === "number";
const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

async function testKernels(
  device: GPUDevice,
  onProgress: (text: string, share: number) => void,
  signal?: AbortSignal,
): Promise<Report["selfTest"]> {
  const { results } = await selfTest({
    device,
    onProgress: (done, all) => onProgress(`self-test, case ${done} of ${all}`, done / all),
    ...(signal ? { signal } : {}),
  });
  const wrong = results.filter(({ ok }) => !ok);
  return {
    cases: results.length,
    wrong: wrong.map(({ kernel, case: name, message = "" }) => `${kernel}, ${name}: ${message}`),
  };
}

/** A slow kernel's share of the adapter's arithmetic, and its budget beside a body's: what would take longer is left out. */
const [SLOW, LONGER] = [0.1, 10] as const;

/** Each kernel by the device's own plan. */
async function timeKernels(
  device: Device,
  milliseconds: number,
  ceiling: number,
  onProgress: (text: string, share: number) => void,
  signal?: AbortSignal,
): Promise<KernelTime[]> {
  const times: KernelTime[] = [];
  for (const [index, shape] of KERNEL_SHAPES.entries()) {
    signal?.throwIfAborted();
    const kernel = shape.name;
    onProgress(kernel, index / KERNEL_SHAPES.length);
    const expected = dispatchOf(shape, device.capabilities).work.flops / (1e6 * ceiling * SLOW);
    if (expected > LONGER * milliseconds) {
      times.push({ kernel, failed: `left out: some ${Math.round(expected)} ms on this adapter` });
      continue;
    }
    try {
      const { plan, gflops, gbytes, milliseconds: time } = await timeKernel(device, shape, { runs: 1, milliseconds });
      times.push({ kernel, milliseconds: time, plan, gflops, gbytes });
    } catch (error) {
      times.push({ kernel, failed: error instanceof Error ? error.message : String(error) });
    }
  }
  return times;
}

/**
 * Measures all that is asked for. Each part has a device of its own, so that one which is lost takes only its part along.
 * @throws UnsupportedError without WebGPU, DeviceError when a device is lost, the signal's reason
 */
export async function measure({ version, parts, budget, signal, onProgress }: ReportOptions): Promise<Report> {
  const whole = parts.reduce((sum, part) => sum + PARTS[part], 0);
  let done = 0;
  const onDevice = async <T>(use: (device: Device) => Promise<T>): Promise<T> => {
    const device = await Device.request();
    try {
      return await use(device);
    } finally {
      device.gpu.destroy();
    }
  };
  type Progress = (text: string, share: number) => void;
  const part = async <T>(name: Part, otherwise: T, use: (device: Device, progress: Progress) => Promise<T>) => {
    if (!parts.includes(name)) return otherwise;
    const result = await onDevice((device) =>
      use(device, (text, share) => onProgress?.(text, (done + share * PARTS[name]) / whole)),
    );
    done += PARTS[name];
    return result;
  };
  onProgress?.("the adapter's arithmetic", 0);
  const about = await onDevice(async ({ gpu, capabilities }) => ({
    adapter: fieldsOf(gpu.adapterInfo, isPlain),
    features: [...gpu.features].sort(),
    limits: fieldsOf(gpu.limits, isNumber),
    capabilities,
    budget,
    ceiling: (await measureCeiling(gpu)).gflops,
  }));
  const { ceiling } = about;
  return {
    version,
    date: new Date().toISOString(),
    browser: navigator.userAgent,
    ...about,
    selfTest: await part("selfTest", { cases: 0, wrong: [] }, ({ gpu }, progress) =>
      testKernels(gpu, progress, signal),
    ),
    bodies: await part("bodies", [], (device, progress) => timeBodies(device, budget, ceiling, progress, signal)),
    kernels: await part("kernels", [], (device, progress) => timeKernels(device, budget, ceiling, progress, signal)),
    models: await part("models", [], (device, progress) => timeModels(device, budget, ceiling, progress, signal)),
  };
}
