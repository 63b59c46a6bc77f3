// How long a page waits for a GPU that has next to nothing to do: as the browser tells by itself, and through the engine, which in
// Firefox makes it look (src/runtime/firefox-poll.ts). Each in turn, as medians; and requests a second of a model of one layer.
import { DebertaV2ForSequenceClassification } from "deberta-webgpu";
import { Device } from "deberta-webgpu/runtime";
import { randomCheckpoint } from "./random-checkpoint.js";
import { describeAdapter, median, type Print, table } from "./support.js";

const ROUNDS = 40;
const SMALL = {
  vocab_size: 1000,
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 64,
};

export default async function bench(print: Print): Promise<void> {
  const device = await Device.request();
  const { gpu } = device;
  await print(`${describeAdapter(device)}, ${navigator.userAgent}`);
  const buffer = gpu.createBuffer({ size: 1024, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const source = gpu.createBuffer({ size: 1024, usage: GPUBufferUsage.COPY_SRC });
  const copy = () => {
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, buffer, 0, 1024);
    gpu.queue.submit([encoder.finish()]);
  };
  const WAITS: readonly (readonly [name: string, start: () => Promise<void>])[] = [
    ["work done", () => (copy(), gpu.queue.onSubmittedWorkDone().then(() => undefined))],
    ["a buffer mapped", () => (copy(), buffer.mapAsync(GPUMapMode.READ).then(() => undefined))],
  ];
  const rows = [["", "browser ms", "engine ms", "engine / browser", "engine, a second"]];
  for (const [name, start] of WAITS) {
    const times: [browser: number[], engine: number[]] = [[], []];
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const began = performance.now();
      await (round % 2 === 0 ? start() : device.unlessLost(start()));
      times[round % 2]!.push(performance.now() - began);
      if (buffer.mapState === "mapped") buffer.unmap();
      await new Promise((resolve) => setTimeout(resolve, 20)); // the engine's last look is over
    }
    const [browser, engine] = [median(times[0]), median(times[1])];
    rows.push([name, browser.toFixed(1), engine.toFixed(1), (engine / browser).toFixed(2), (1000 / engine).toFixed(0)]);
  }
  await print(table(rows));
  const model = await DebertaV2ForSequenceClassification.fromPretrained(randomCheckpoint(SMALL), { device: gpu });
  const inputs = { inputIds: [[1, 5, 6, 7, 2]] };
  for (let i = 0; i < 5; i++) await model.forward(inputs);
  const began = performance.now();
  for (let i = 0; i < ROUNDS; i++) await model.forward(inputs);
  await print(`one layer, 5 tokens: ${((1000 * ROUNDS) / (performance.now() - began)).toFixed(0)} requests a second`);
  await model.dispose();
  gpu.destroy();
}
