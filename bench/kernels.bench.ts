// Every kernel at the shapes of kernel-shapes.ts: milliseconds, GFLOP/s, GB/s, the share of the
// arithmetic ceiling, and the plan where a kernel has several bodies. Times are the best of several runs, as other work on the
// machine only slows; the share is the median of each run's share of a ceiling measured right after it, as that work slows both.
// Kernels that compute wrongly are named first.
import { selfTest } from "deberta-webgpu";
import { compile, type Device, Graph, Slots, type StepTime } from "deberta-webgpu/runtime";
import { KERNEL_SHAPES, type KernelShape, OPERANDS } from "./kernel-shapes.js";
import { type Ceiling, measureCeiling } from "./peak.js";
import { benchDevices, describeAdapter, median, type Print, table } from "./support.js";

/** Runs of a kernel: at least so many, and until so many milliseconds have passed. */
const [RUNS, SPAN] = [5, 1500] as const;

/** The best time of the graph's last node, and its share of the ceiling. */
async function measure(
  { build }: KernelShape,
  device: Device,
  ceiling: Ceiling,
): Promise<{ best: StepTime; share: number }> {
  const graph = new Graph();
  build(graph, device.capabilities);
  const slots = new Slots(device);
  const plan = await compile(device, graph, new Map(), slots);
  let best: StepTime | undefined;
  const shares: number[] = [];
  const inputs = Object.fromEntries(graph.inputs.map((value) => [value.name, OPERANDS.get(value.name)!]));
  try {
    const start = performance.now();
    for (let run = 0; run < RUNS || performance.now() - start < SPAN; run++) {
      const last = (await plan.profile(inputs)).at(-1)!;
      if (!best || last.milliseconds < best.milliseconds) best = last;
      shares.push((last.gflops ?? 0) / (await ceiling.measure()));
    }
  } finally {
    plan.dispose();
    slots.dispose();
  }
  return { best: best!, share: median(shares) };
}

export default async function bench(print: Print): Promise<void> {
  for (const { name, device } of await benchDevices()) {
    const { results } = await selfTest({ device: device.gpu });
    const wrong = results.filter(({ ok }) => !ok);
    if (wrong.length > 0) await print(table([["wrong", "case"], ...wrong.map((found) => [found.kernel, found.case])]));
    const ceiling = await measureCeiling(device.gpu);
    await print(`\n${describeAdapter(device)}, ${name}: ceiling ${ceiling.gflops.toFixed(1)} GFLOP/s`);
    const rows = [["kernel", "ms", "GFLOP/s", "GB/s", "of ceiling", "plan"]];
    for (const timed of KERNEL_SHAPES) {
      const { best, share } = await measure(timed, device, ceiling);
      rows.push([
        timed.name,
        best.milliseconds.toFixed(3),
        best.gflops?.toFixed(2) ?? "",
        best.gbytes?.toFixed(2) ?? "",
        best.gflops ? `${(100 * share).toFixed(1)} %` : "",
        best.plan ?? "",
      ]);
    }
    await print(table(rows));
  }
}
