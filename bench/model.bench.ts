// Whole forward passes (sequence classification, random weights) of public shapes: milliseconds, GFLOP/s over all kernels, and
// where the time goes, and the plans chosen. With and without subgroups. The best of several runs, as other work on the machine only slows.
import { DebertaV2ForSequenceClassification, type StepTime } from "deberta-webgpu";
import { type Ceiling, measureCeiling } from "./peak.js";
import { forwardFlops, madeIds, randomCheckpoint, SHAPES } from "./random-checkpoint.js";
import { benchDevices, describeAdapter, median, plansIn, type Print, table } from "./support.js";

const BATCHES: Readonly<Record<string, readonly number[]>> = {
  "N = 32": [32],
  "N = 128": [128],
  "N = 512": [512],
  "ragged, 1 × 200 and 15 × 20": [200, ...Array.from({ length: 15 }, () => 20)],
};

function byKernel(steps: readonly StepTime[]): string {
  const sums = new Map<string, number>();
  for (const { kernel, milliseconds } of steps) sums.set(kernel, (sums.get(kernel) ?? 0) + milliseconds);
  const total = [...sums.values()].reduce((sum, ms) => sum + ms, 0);
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([kernel, ms]) => `${kernel} ${((100 * ms) / total).toFixed(0)} %`)
    .join(", ");
}

/**
 * Milliseconds of a first run, which compiles, and the least of as many more as fit into six seconds, but at least one. And the
 * work that the adapter's arithmetic could have done in a run's time, in GFLOP: the median over runs, the ceiling measured after
 * each, as other work on the machine slows both.
 */
async function timesOf(
  run: () => Promise<unknown>,
  ceiling: Ceiling,
): Promise<{ first: number; best: number; possible: number }> {
  const start = performance.now();
  await run();
  const first = performance.now() - start;
  const [times, possible]: [number[], number[]] = [[], []];
  for (const after = performance.now(); times.length === 0 || performance.now() - after < 6000;) {
    const from = performance.now();
    await run();
    const milliseconds = performance.now() - from;
    times.push(milliseconds);
    const rates = [await ceiling.measure(), await ceiling.measure(), await ceiling.measure()];
    possible.push((median(rates) * milliseconds) / 1000);
  }
  return { first, best: Math.min(...times), possible: median(possible) };
}

export default async function bench(print: Print): Promise<void> {
  for (const { name, device } of await benchDevices()) {
    const ceiling = await measureCeiling(device.gpu);
    await print(`${describeAdapter(device)}, ${name}: ceiling ${ceiling.gflops.toFixed(1)} GFLOP/s`);
    for (const [shape, config] of Object.entries(SHAPES)) {
      const start = performance.now();
      const model = await DebertaV2ForSequenceClassification.fromPretrained(randomCheckpoint(config), {
        device: device.gpu,
      });
      const { compiled } = device.pipelines.counts();
      await print(`${shape}: loaded in ${(performance.now() - start).toFixed(0)} ms, ${compiled} pipelines compiled`);
      const plans: string[] = [];
      const rows = [["", "first ms", "ms", "GFLOP/s", "of ceiling", "dispatches", "most time in"]];
      for (const [batch, lengths] of Object.entries(BATCHES)) {
        const inputs = { inputIds: madeIds(lengths) };
        const { first, best, possible } = await timesOf(() => model.forward(inputs), ceiling);
        // Per node only for short inputs: every node runs several times.
        const steps = lengths[0]! <= 128 ? await model.profile(inputs) : undefined;
        const description = model.describe();
        const dispatches = description.split("\n").length - 1;
        plans.push(
          `${batch}\n${plansIn(description)
            .map((line) => `  ${line}`)
            .join("\n")}`,
        );
        const flops = forwardFlops(config, lengths);
        const rate = flops / best / 1e6;
        rows.push([
          batch,
          first.toFixed(0),
          best.toFixed(1),
          rate.toFixed(2),
          `${((100 * flops) / possible / 1e9).toFixed(1)} %`,
          String(dispatches),
          steps ? byKernel(steps) : "",
        ]);
      }
      await print(`${table(rows)}\n\nPlans of ${shape}, ${plans.join("\n")}`);
      await model.dispose();
    }
  }
}
