// A first load, which keeps what comes, and a second one from what is kept: requests, bytes and milliseconds, the second's as a share
// of the first's, on a device that has compiled all shaders. The bundled models come from this machine, as fast as they can and at the
// rate of a household's line.
import { clearCache, pipeline } from "deberta-webgpu";
import { Device } from "deberta-webgpu/runtime";
import { describeAdapter, median, type Print, table } from "./support.js";

const ROUNDS = 3;
const MODELS = ["tiny-intent", "vectors"];
/** Bytes a second. */
const LINES = [
  ["from this machine", Infinity],
  ["at 50 Mbit/s", 50e6 / 8],
] as const;

interface Load {
  readonly requests: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** Until what is nearly whole has been completed in the background. */
const SETTLE = 6000;
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function load(device: GPUDevice, folder: string, rate: number): Promise<Load> {
  let [requests, bytes] = [0, 0];
  const counted: typeof fetch = async (input, init) => {
    requests++;
    const response = await fetch(input, init);
    const slowed = new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        bytes += chunk.length;
        if (rate < Infinity) await wait((1000 * chunk.length) / rate);
        controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body?.pipeThrough(slowed) ?? null, { status, headers });
  };
  const start = performance.now();
  const run = await pipeline("feature-extraction", `/models/${folder}/`, { device, fetch: counted });
  await run("What time is it?");
  const milliseconds = performance.now() - start;
  await run.model.whole;
  await wait(SETTLE);
  await run.dispose();
  return { requests, bytes, milliseconds };
}

export default async function bench(print: Print): Promise<void> {
  const device = await Device.request();
  await print(describeAdapter(device));
  const rows = [["", "requests", "MB", "first ms", "requests again", "bytes again", "second / first"]];
  for (const folder of MODELS) {
    await load(device.gpu, folder, Infinity);
    for (const [line, rate] of LINES) {
      const pairs: [Load, Load][] = [];
      for (let round = 0; round < ROUNDS; round++) {
        await clearCache();
        pairs.push([await load(device.gpu, folder, rate), await load(device.gpu, folder, rate)]);
      }
      const [first, second] = pairs[0]!;
      rows.push([
        `${folder}, ${line}`,
        String(first.requests),
        (first.bytes / 1e6).toFixed(1),
        median(pairs.map(([one]) => one.milliseconds)).toFixed(0),
        String(second.requests),
        String(Math.max(...pairs.map(([, again]) => again.bytes))),
        median(pairs.map(([one, again]) => again.milliseconds / one.milliseconds)).toFixed(2),
      ]);
    }
  }
  await clearCache();
  device.gpu.destroy();
  await print(table(rows));
}
