// One forward pass of 128 tokens through a v3-xsmall with random weights, beside onnxruntime-web's WebGPU on the same adapter:
// the same weights, ids and page, in alternating runs, read back each time. onnxruntime.py says how to make its files. Run it with
// --zero-workgroup-memory: onnxruntime-web's kernels need that, and give NaN where browsers leave it out.
import { DebertaV2ForSequenceClassification } from "deberta-webgpu";
import { Device } from "deberta-webgpu/runtime";
import { describeAdapter, type Print, table } from "./support.js";

const FOLDER = "/.cache/onnxruntime";
const LIBRARY = `${FOLDER}/node_modules/onnxruntime-web/dist/ort.webgpu.min.mjs`;
const LENGTH = 128;
const ROUNDS = 5;

/** What is used of onnxruntime-web. */
interface OnnxRuntime {
  readonly env: { readonly versions: { readonly web: string } };
  readonly Tensor: new (type: "int64", data: BigInt64Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: string, options: object): Promise<Session> };
}

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
}

async function milliseconds<T>(run: () => Promise<T>): Promise<[time: number, result: T]> {
  const start = performance.now();
  const result = await run();
  return [performance.now() - start, result];
}

export default async function bench(print: Print): Promise<void> {
  const files = ["config.json", "model.safetensors"];
  const found = await Promise.all([`${FOLDER}/${files[0]}`, LIBRARY].map((url) => fetch(url, { method: "HEAD" })));
  if (!found.every(({ ok, headers }) => ok && !headers.get("Content-Type")?.includes("html"))) {
    await print("skipped: bench/onnxruntime.py says how to make its files");
    return;
  }
  const source = await Promise.all(
    files.map(async (name) => new File([await (await fetch(`${FOLDER}/${name}`)).blob()], name)),
  );
  const device = await Device.request();
  const [loading, model] = await milliseconds(() =>
    DebertaV2ForSequenceClassification.fromPretrained(source, { device: device.gpu }),
  );
  const ort = (await import(/* @vite-ignore */ LIBRARY)) as OnnxRuntime;
  const [creating, session] = await milliseconds(() =>
    ort.InferenceSession.create(`${FOLDER}/model.onnx`, {
      executionProviders: ["webgpu"],
      freeDimensionOverrides: { tokens: LENGTH },
    }),
  );
  const ids = Array.from({ length: LENGTH }, (_, i) => (7 * i) % 997);
  const feeds = {
    input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, LENGTH]),
    attention_mask: new ort.Tensor("int64", new BigInt64Array(LENGTH).fill(1n), [1, LENGTH]),
  };
  const times = { ours: [] as number[], theirs: [] as number[] };
  let agreement = "";
  for (let round = 0; round <= ROUNDS; round++) {
    const [mine, { logits }] = await milliseconds(() => model.forward({ inputIds: [ids] }));
    const [other, results] = await milliseconds(() => session.run(feeds));
    times.ours.push(mine);
    times.theirs.push(other);
    const difference = Math.max(...results["logits"]!.data.map((value, i) => Math.abs(value - logits.data[i]!)));
    agreement = `logits ${logits.data.join(", ")} and ${results["logits"]!.data.join(", ")}: apart by ${difference.toExponential(1)}`;
  }
  await print(`${describeAdapter(device)}, v3-xsmall, ${LENGTH} tokens`);
  await print(agreement);
  const best = ([, ...later]: readonly number[]) => Math.min(...later);
  const row = (name: string, load: number, all: readonly number[]) => [
    name,
    ...[load, all[0]!, best(all)].map((time) => time.toFixed(0)),
  ];
  await print(
    table([
      ["", "load ms", "first ms", `best ms of ${ROUNDS} more`],
      row("deberta-webgpu", loading, times.ours),
      row(`onnxruntime-web ${ort.env.versions.web}`, creating, times.theirs),
    ]),
  );
  await print(`${(best(times.theirs) / best(times.ours)).toFixed(1)} times as fast`);
  await model.dispose();
}
