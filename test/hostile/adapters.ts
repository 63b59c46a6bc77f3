// Adapters as no test machine has them: limits and features in odd combinations, some of which the adapter takes back when
// it is asked for a device. A small model loads and answers on each as on any other, or is refused by name.
import { canRun } from "../../src/model/can-run.js";
import { DebertaV2ForSequenceClassification } from "../../src/model/model-heads.js";
import { Device } from "../../src/runtime/device.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { randomInteger } from "../support/random.js";
import { ComputingGpu } from "../support/computing-gpu.js";
import { DEFAULT_LIMITS, type StubLimits } from "../support/stub-gpu.js";
import { Finding } from "./judge.js";
import type { Case } from "./made/case.js";
import type { Files } from "./probes.js";

export interface OddAdapter {
  /** Instead of the defaults of WebGPU. */
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
  readonly info: Readonly<Record<string, unknown>> | null;
  /** How requestDevice answers: as it should, with a refusal of all wishes, of every device, or with lower limits. */
  readonly gives: "all" | "defaults only" | "nothing" | "less";
  /** The allocation that finds no memory. */
  readonly failAt?: number;
}

const FILE = "adapter.json";

const SIZES = [
  2 ** 16,
  2 ** 20,
  2 ** 22,
  2 ** 27 - 4,
  2 ** 27,
  2 ** 28,
  2 ** 31 - 4,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
];
const CHOICES: Readonly<Record<string, readonly number[]>> = {
  maxBufferSize: SIZES,
  maxStorageBufferBindingSize: SIZES,
  maxComputeInvocationsPerWorkgroup: [128, 256, 512, 1024, 65_536],
  maxComputeWorkgroupStorageSize: [0, 4096, 16_384, 32_768, 65_536],
  maxComputeWorkgroupsPerDimension: [65_535, 2 ** 31 - 1, 2 ** 32 - 1],
  minUniformBufferOffsetAlignment: [32, 256],
};
const FEATURES = ["subgroups", "timestamp-query", "shader-f16", "chromium-experimental-subgroup-matrix", "unheard-of"];
const VENDORS = ["", "nvidia", "amd", "intel", "apple", "arm", "qualcomm", "google", "\ud800", "x".repeat(500)];
const SUBGROUPS = [0, 1, 3, 4, 8, 16, 32, 64, 128, 256];

function filesOf(adapter: OddAdapter): Files {
  return new Map([[FILE, new TextEncoder().encode(JSON.stringify(adapter))]]);
}

export function randomAdapter(next: () => number): Files {
  const oneOf = <T>(list: readonly T[]): T => list[randomInteger(next, 0, list.length - 1)]!;
  const limits = Object.fromEntries(
    Object.entries(CHOICES)
      .filter(() => next() < 0.5)
      .map(([name, values]) => [name, oneOf(values)]),
  );
  const [subgroupMinSize, subgroupMaxSize] = [oneOf(SUBGROUPS), oneOf(SUBGROUPS)];
  const info = { vendor: oneOf(VENDORS), architecture: oneOf(["", "swiftshader", "gen-12lp", "x"]) };
  return filesOf({
    limits,
    features: FEATURES.filter(() => next() < 0.5),
    info: next() < 0.1 ? null : next() < 0.5 ? info : { ...info, subgroupMinSize, subgroupMaxSize },
    gives: next() < 0.7 ? "all" : oneOf(["defaults only", "nothing", "less"]),
    ...(next() < 0.2 ? { failAt: randomInteger(next, 1, 60) } : {}),
  });
}

const PLAIN: OddAdapter = { limits: {}, features: [], info: { vendor: "stub" }, gives: "all" };

export function adapters(): Case[] {
  const cases: readonly (readonly [name: string, expect: Case["expect"], change: Partial<OddAdapter>])[] = [
    ["plain", "loads", {}],
    ["every feature", "loads", { features: FEATURES }],
    [
      "subgroups of changing size",
      "loads",
      { features: ["subgroups"], info: { subgroupMinSize: 8, subgroupMaxSize: 32 } },
    ],
    ["subgroups of size 0", "loads", { features: ["subgroups"], info: { subgroupMinSize: 0, subgroupMaxSize: 0 } }],
    ["subgroups of size 1", "loads", { features: ["subgroups"], info: { subgroupMinSize: 1, subgroupMaxSize: 1 } }],
    [
      "subgroups of size 128",
      "loads",
      { features: ["subgroups"], info: { subgroupMinSize: 128, subgroupMaxSize: 128 } },
    ],
    ["no information", "loads", { info: null }],
    ["limits of 2⁵³", "loads", { limits: { maxBufferSize: 2 ** 53 - 1, maxStorageBufferBindingSize: 2 ** 53 - 1 } }],
    [
      "bindings larger than buffers",
      "loads",
      { limits: { maxBufferSize: 2 ** 20, maxStorageBufferBindingSize: 2 ** 40 } },
    ],
    ["workgroups of 128", "any", { limits: { maxComputeInvocationsPerWorkgroup: 128 } }],
    ["buffers of 64 KiB", "any", { limits: { maxBufferSize: 2 ** 16, maxStorageBufferBindingSize: 2 ** 16 } }],
    ["defaults only", "loads", { gives: "defaults only" }],
    ["no device", "DeviceError", { gives: "nothing" }],
    ["less than was asked for", "loads", { gives: "less" }],
    ["no memory at the first buffer", "DeviceError", { failAt: 1 }],
    ["no memory at the tenth buffer", "DeviceError", { failAt: 10 }],
  ];
  return cases.map(([name, expect, change]) => ({
    kind: "adapter",
    name,
    expect,
    files: filesOf({ ...PLAIN, ...change }),
  }));
}

class OddGpu extends ComputingGpu {
  override readonly limits: StubLimits;
  override readonly features: Set<string>;
  override readonly adapterInfo: object;

  constructor(limits: StubLimits, { features, info, failAt }: OddAdapter) {
    super();
    this.limits = limits;
    this.features = new Set(features);
    this.adapterInfo = info as object;
    this.failAt = failAt;
  }
}

function adapterOf(odd: OddAdapter): object {
  const limits = { ...DEFAULT_LIMITS, ...odd.limits };
  return {
    limits,
    features: new Set(odd.features),
    info: odd.info,
    requestDevice: ({ requiredFeatures = [], requiredLimits = {} }: GPUDeviceDescriptor = {}): Promise<OddGpu> => {
      const wishes = Object.entries(requiredLimits);
      const tooMuch = wishes.some(([name, value]) => value! > limits[name as keyof StubLimits]);
      const unknown = [...requiredFeatures].some((name) => !odd.features.includes(name));
      if (tooMuch) return Promise.reject(new DOMException("limit too high", "OperationError"));
      if (unknown) return Promise.reject(new TypeError("unknown feature"));
      const asks = wishes.length > 0 || [...requiredFeatures].length > 0;
      if (odd.gives === "nothing" || (odd.gives === "defaults only" && asks))
        return Promise.reject(new DOMException("not now", "OperationError"));
      const granted = odd.gives === "less" ? {} : requiredLimits;
      const given = { ...odd, features: [...requiredFeatures] };
      return Promise.resolve(new OddGpu({ ...limits, ...lower(limits), ...(granted as StubLimits) }, given));
    },
  };
}

/** A device has the defaults of WebGPU, or less where its adapter has less. */
const lower = (limits: StubLimits): StubLimits =>
  Object.fromEntries(
    Object.entries(DEFAULT_LIMITS).map(([name, value]) => [name, Math.min(value, limits[name as keyof StubLimits])]),
  ) as StubLimits;

const folder = madeFolder(MINIATURE, "pooled");
const INPUTS = { inputIds: [[1, 5, 6, 2], Array.from({ length: 40 }, (_, i) => 3 + i)] };
/** As a share of the largest: sums in other tiles round otherwise, here only what is stored. */
const TOLERANCE = 1e-5;

/** Loads the miniature and runs two texts. */
async function answerOn(gpu: GPUDevice): Promise<Float32Array> {
  const model = await DebertaV2ForSequenceClassification.fromPretrained(folder, { device: gpu });
  try {
    return (await model.forward(INPUTS)).logits.data;
  } finally {
    await model.dispose();
  }
}

let right: Promise<Float32Array> | undefined;

/** Loads and runs on the adapter. */
export async function probeAdapter(files: Files): Promise<void> {
  const odd = JSON.parse(new TextDecoder().decode(files.get(FILE))) as OddAdapter;
  right ??= answerOn(new OddGpu(DEFAULT_LIMITS, PLAIN) as unknown as GPUDevice);
  const wanted = await right;
  const gpu = { requestAdapter: () => Promise.resolve(adapterOf(odd)) };
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  try {
    const found = await canRun(folder);
    const device = await Device.request();
    const [result] = await Promise.allSettled([answerOn(device.gpu)]);
    const { buffers, bytes } = device.totals();
    if (buffers > 0 || bytes > 0) throw new Finding(`${buffers} buffers of ${bytes} bytes are left`);
    if (device.withdrawn.length > 0) throw new Finding(device.withdrawn.join("; "));
    if (result.status === "rejected") throw result.reason as Error;
    if (!found.ok) throw new Finding(`runs, though ${found.reasons.join("; ")}`);
    const largest = Math.max(...wanted.map(Math.abs));
    if (!result.value.every((value, i) => Math.abs(value - wanted[i]!) <= TOLERANCE * largest))
      throw new Finding(`answers ${result.value.join()} instead of ${wanted.join()}`);
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
}
