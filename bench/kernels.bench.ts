// Every kernel at the shapes of kernel-shapes.ts: milliseconds, GFLOP/s, GB/s, the share of the
// arithmetic ceiling, and the plan where a kernel has several bodies. Times are the best of several runs, as other work on the
// machine only slows; the share is the median of each run's share of a ceiling measured right after it, as that work slows both.
// Kernels that compute wrongly are named first.
import { selfTest } from "deberta-webgpu";
import { KERNEL_SHAPES } from "./kernel-shapes.js";
import { measureCeiling } from "./peak.js";
import { timeKernel } from "./time-kernel.js";
import { benchDevices, describeAdapter, median, type Print, table } from "./support.js";

/** Runs of a kernel: at least so many, and until so many milliseconds have passed. */
const REPEATS = { runs: 5, milliseconds: 1500 };

export default async function bench(print: Print): Promise<void> {
  for (const { name, device } of await benchDevices()) {
    const { results } = await selfTest({ device: device.gpu });
    const wrong = results.filter(({ ok }) => !ok);
    if (wrong.length > 0) await print(table([["wrong", "case"], ...wrong.map((found) => [found.kernel, found.case])]));
    const ceiling = await measureCeiling(device.gpu);
    await print(`\n${describeAdapter(device)}, ${name}: ceiling ${ceiling.gflops.toFixed(1)} GFLOP/s`);
    const rows = [["kernel", "ms", "GFLOP/s", "GB/s", "of ceiling", "plan"]];
    for (const timed of KERNEL_SHAPES) {
      const shares: number[] = [];
      const best = await timeKernel(device, timed, REPEATS, async ({ gflops = 0 }) => {
        shares.push(gflops / (await ceiling.measure()));
      });
      rows.push([
        timed.name,
        best.milliseconds.toFixed(3),
        best.gflops?.toFixed(2) ?? "",
        best.gbytes?.toFixed(2) ?? "",
        best.gflops ? `${(100 * median(shares)).toFixed(1)} %` : "",
        best.plan ?? "",
      ]);
    }
    await print(table(rows));
  }
}
