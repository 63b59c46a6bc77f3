// Times of single steps put together by kernel, and what a list of runs says.
import type { StepTime } from "deberta-webgpu";

export interface KernelTime {
  readonly kernel: string;
  readonly count: number;
  readonly milliseconds: number;
  readonly gflops: number;
  readonly gbytes: number;
}

/** The fastest rates that a device was seen to reach. */
export type Peak = Pick<KernelTime, "gflops" | "gbytes">;

export const peakOf = (steps: readonly StepTime[]): Peak => ({
  gflops: Math.max(0, ...steps.map(({ gflops }) => gflops ?? 0)),
  gbytes: Math.max(0, ...steps.map(({ gbytes }) => gbytes ?? 0)),
});

/** How near to a peak a kernel comes, by arithmetic or by bytes, whichever is nearer: 0 to 1. */
export const shareOfPeak = ({ gflops, gbytes }: KernelTime, peak: Peak): number =>
  Math.min(1, Math.max(gflops / (peak.gflops || 1), gbytes / (peak.gbytes || 1)));

/** The slowest kernel first. */
export function byKernel(steps: readonly StepTime[]): KernelTime[] {
  const sums = new Map<string, { count: number; milliseconds: number; work: number; moved: number }>();
  for (const { kernel, milliseconds, gflops, gbytes } of steps) {
    const sum = sums.get(kernel) ?? { count: 0, milliseconds: 0, work: 0, moved: 0 };
    sums.set(kernel, {
      count: sum.count + 1,
      milliseconds: sum.milliseconds + milliseconds,
      // Rates are undefined where the clock showed no time.
      work: sum.work + (gflops ?? 0) * milliseconds,
      moved: sum.moved + (gbytes ?? 0) * milliseconds,
    });
  }
  return [...sums]
    .map(([kernel, { count, milliseconds, work, moved }]) => ({
      kernel,
      count,
      milliseconds,
      gflops: milliseconds > 0 ? work / milliseconds : 0,
      gbytes: milliseconds > 0 ? moved / milliseconds : 0,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** The value below which a share of sorted values lies. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.round(share * (sorted.length - 1)))]!;
