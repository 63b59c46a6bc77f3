// Every body of the matrix product with every tile that planMatmul gives to some device, on this one: whether it computes rightly, and
// how fast. The planned one should be the fastest; where it is not, its row in plan.ts is wrong for this GPU.
import {
  type Capabilities,
  type Device,
  type DType,
  type MatmulPlan,
  planMatmul,
  planText,
} from "deberta-webgpu/runtime";
import { product } from "../kernel-shapes.js";
import { runKernel, timeKernel } from "../time-kernel.js";

/** Rows, inner and columns of a product. */
export type Sizes = readonly [rows: number, inner: number, columns: number];

/** One body at one shape. */
export interface BodyTime {
  readonly plan: string;
  /** Of one dispatch. */
  readonly milliseconds?: number;
  readonly gflops?: number;
  /** Of float32 products: the largest error of some results, as a share of their largest. */
  readonly error?: number;
  /** Why there is no time. */
  readonly failed?: string;
}

/** All bodies at one shape. */
export interface ShapeTimes {
  /** The shape of a real model, "128×768×768". */
  readonly shape: string;
  /** The shape that was run: smaller where a slow adapter would not have done the other in time. */
  readonly timed: string;
  /** Type of the weights. */
  readonly weights: DType;
  /** What the engine runs here. */
  readonly planned: string;
  readonly bodies: readonly BodyTime[];
}

export const SIZES: readonly Sizes[] = [
  [128, 768, 768],
  [512, 768, 3072],
  [1, 768, 768],
];

/** What is timed: f32 at every shape, the packed types, which plans hardly tell apart, at the first. */
const JOBS: readonly { readonly sizes: Sizes; readonly weights: DType }[] = [
  ...SIZES.map((sizes) => ({ sizes, weights: "f32" as const })),
  ...(["f16", "q8", "q4"] as const).map((weights) => ({ sizes: SIZES[0]!, weights })),
];

/** Devices that planMatmul tells apart. */
const DEVICES: readonly (readonly [vendor: string, architecture: string])[] = [
  ["amd", "rdna-3"],
  ["intel", "gen-12lp"],
  ["intel", "gen-12hp"],
  ["nvidia", "ampere"],
  ["apple", "metal-3"],
  ["qualcomm", "adreno-7xx"],
  ["arm", "valhall"],
];

const shapeOf = ([rows, inner, columns]: Sizes, weights: DType) => ({ rows, inner, columns, weights });

/** Every plan for some device that this one can run. */
export function allPlans(own: Capabilities): MatmulPlan[] {
  const gpu = { ...own, software: false, subgroupSize: 0 };
  const devices: Capabilities[] = [
    ...DEVICES.map(([vendor, architecture]) => ({ ...gpu, vendor, architecture })),
    { ...gpu, software: true },
    // Lanes without a size of their own cannot be relied on.
    ...(own.subgroupSize > 0 && !own.subgroupControl ? [{ ...own, software: true }] : []),
  ];
  const plans = devices.flatMap((device) =>
    JOBS.map(({ sizes, weights }) => planMatmul(shapeOf(sizes, weights), device)),
  );
  const possible = plans.filter(({ threads: [x, y], parts }) => x * y * parts <= own.workgroupThreads);
  return [...new Map(possible.map((plan) => [planText(plan), plan])).values()];
}

/** A slow body's share of the adapter's arithmetic, by which shapes are cut. */
const SLOW = 0.05;

/** The shape, with rows or columns halved until a slow body does it within so many milliseconds. */
export function fitting([rows, inner, columns]: Sizes, milliseconds: number, gflops: number): Sizes {
  const isSlow = (2 * rows * inner * columns) / (1e6 * gflops * SLOW) > milliseconds;
  if (!isSlow || Math.max(rows, columns) <= 64) return [rows, inner, columns];
  const half = rows > columns ? ([rows / 2, inner, columns] as const) : ([rows, inner, columns / 2] as const);
  return fitting(half, milliseconds, gflops);
}

/** The largest error of results spread over all of y = x · w + bias, as a share of the largest of them. */
function errorOf(
  [rows, inner, columns]: Sizes,
  y: Float32Array,
  [x, w, bias]: readonly (Float32Array | Uint32Array)[],
): number {
  let [worst, largest] = [0, 0];
  for (let at = 0; at < rows * columns; at += 1 + Math.floor((rows * columns) / 997)) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = bias![column]!;
    for (let k = 0; k < inner; k++) sum += x![row * inner + k]! * w![k * columns + column]!;
    // not Math.max of the error alone: NaN must not pass
    if (!(Math.abs(y[at]! - sum) <= worst)) worst = Math.abs(y[at]! - sum);
    largest = Math.max(largest, Math.abs(sum));
  }
  return worst / largest;
}

/** Every body at every shape. `milliseconds`: for each; `gflops`: the adapter's ceiling. */
export async function timeBodies(
  device: Device,
  milliseconds: number,
  gflops: number,
  onProgress: (text: string, share: number) => void,
  signal?: AbortSignal,
): Promise<ShapeTimes[]> {
  const plans = allPlans(device.capabilities);
  const jobs = JOBS.filter(({ weights }) => weights === "f32" || !device.capabilities.software);
  const times: ShapeTimes[] = [];
  for (const { sizes, weights } of jobs) {
    const cut = fitting(sizes, milliseconds, gflops);
    const bodies: BodyTime[] = [];
    for (const [index, plan] of plans.entries()) {
      signal?.throwIfAborted();
      const text = planText(plan);
      onProgress(
        `${sizes.join("×")}, weights in ${weights}: ${text}`,
        (times.length + index / plans.length) / jobs.length,
      );
      const shape = product(...cut, { dtype: weights, plan });
      try {
        const { result, operands } = await runKernel(device, shape);
        const error = weights === "f32" ? { error: errorOf(cut, result, Object.values(operands)) } : {};
        const time = await timeKernel(device, shape, { runs: 1, milliseconds });
        const speed = time.gflops === undefined ? {} : { gflops: time.gflops };
        bodies.push({ plan: text, milliseconds: time.milliseconds, ...speed, ...error });
      } catch (error) {
        bodies.push({ plan: text, failed: error instanceof Error ? error.message : String(error) });
      }
    }
    times.push({
      shape: sizes.join("×"),
      timed: cut.join("×"),
      weights,
      planned: planText(planMatmul(shapeOf(sizes, weights), device.capabilities)),
      bodies,
    });
  }
  return times;
}
