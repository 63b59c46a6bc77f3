// Times of single steps put together by kernel, and what a list of runs says.
import type { StepTime } from "deberta-webgpu";

export interface KernelTime {
  readonly kernel: string;
  readonly count: number;
  readonly milliseconds: number;
  readonly gflops: number;
}

/** The slowest kernel first. */
export function byKernel(steps: readonly StepTime[]): KernelTime[] {
  const sums = new Map<string, { count: number; milliseconds: number; work: number }>();
  for (const { kernel, milliseconds, gflops } of steps) {
    const sum = sums.get(kernel) ?? { count: 0, milliseconds: 0, work: 0 };
    sums.set(kernel, {
      count: sum.count + 1,
      milliseconds: sum.milliseconds + milliseconds,
      work: sum.work + (gflops ?? 0) * milliseconds, // undefined where the clock showed no time
    });
  }
  return [...sums]
    .map(([kernel, { count, milliseconds, work }]) => ({
      kernel,
      count,
      milliseconds,
      gflops: milliseconds > 0 ? work / milliseconds : 0,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** The value below which a share of sorted values lies. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.round(share * (sorted.length - 1)))]!;
