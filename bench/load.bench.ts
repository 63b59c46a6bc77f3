// From nothing to the first answer, on a new device each time: what the check of a new device adds, and the load and the answer
// by themselves. With the check and without in turn, as ratios of neighbours; the bundled models come from this machine.
import { pipeline } from "deberta-webgpu";
import { Device } from "deberta-webgpu/runtime";
import { describeAdapter, median, type Print, table } from "./support.js";

const ROUNDS = 5;
const MODELS = [
  ["text-classification", "tiny-intent", "What time is it?"],
  ["fill-mask", "fill", "The capital of France is [MASK]."],
] as const;

async function coldStart(task: string, folder: string, text: string, checkDevice: boolean) {
  const { gpu } = await Device.request();
  const start = performance.now();
  const run = await pipeline(task as "text-classification", `/models/${folder}/`, {
    device: gpu,
    cache: "off",
    checkDevice,
  });
  const loaded = performance.now();
  await run(text);
  const answered = performance.now();
  await run.dispose();
  gpu.destroy();
  return { load: loaded - start, answer: answered - loaded, both: answered - start };
}

export default async function bench(print: Print): Promise<void> {
  const device = await Device.request();
  await print(describeAdapter(device));
  const rows = [["", "load ms", "first answer ms", "both", "both, unchecked", "checked / unchecked"]];
  for (const [task, folder, text] of MODELS) {
    const pairs: Record<"checked" | "unchecked", Awaited<ReturnType<typeof coldStart>>>[] = [];
    for (let round = 0; round < ROUNDS; round++)
      pairs.push({
        checked: await coldStart(task, folder, text, true),
        unchecked: await coldStart(task, folder, text, false),
      });
    const middle = (value: (pair: (typeof pairs)[number]) => number) => median(pairs.map(value));
    rows.push([
      folder,
      ...[
        middle(({ checked }) => checked.load),
        middle(({ checked }) => checked.answer),
        middle(({ checked }) => checked.both),
        middle(({ unchecked }) => unchecked.both),
      ].map((milliseconds) => milliseconds.toFixed(0)),
      middle(({ checked, unchecked }) => checked.both / unchecked.both).toFixed(2),
    ]);
  }
  device.gpu.destroy();
  await print(table(rows));
}
