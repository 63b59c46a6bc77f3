// One forward pass of 32, 128 and 512 tokens through a v3-xsmall with random weights, beside onnxruntime-web's WebGPU on the same
// adapter: the same weights, ids and page, in alternating runs, read back each time. onnxruntime.py says how to make its files. Run it
// with --zero-workgroup-memory: onnxruntime-web's kernels need that, and give NaN where browsers leave it out. One length alone:
// npm run bench -- --zero-workgroup-memory "bench/onnxruntime.bench.ts?tokens=512"
import { DebertaV2ForSequenceClassification } from "deberta-webgpu";
import { Device } from "deberta-webgpu/runtime";
import { describeAdapter, type Print, table } from "./support.js";

const FOLDER = "/.cache/onnxruntime";
const LIBRARY = `${FOLDER}/node_modules/onnxruntime-web/dist/ort.webgpu.min.mjs`;
const asked = new URL(import.meta.url).searchParams.get("tokens");
const LENGTHS = asked ? [Number(asked)] : [32, 128, 512];
/** Runs after the first of each length; fewer, or none, once those so far have taken this many milliseconds. */
const ROUNDS = 5;
const ENOUGH = 120_000;

/** What is used of onnxruntime-web. */
interface OnnxRuntime {
  readonly env: { readonly versions: { readonly web: string } };
  readonly Tensor: new (type: "int64", data: BigInt64Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: string, options: object): Promise<Session> };
}

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

async function milliseconds<T>(run: () => Promise<T>): Promise<[time: number, result: T]> {
  const start = performance.now();
  const result = await run();
  return [performance.now() - start, result];
}

const isHere = async (url: string): Promise<boolean> => {
  const { ok, headers } = await fetch(url, { method: "HEAD" });
  return ok && headers.get("Content-Type")?.includes("html") !== true;
};

export default async function bench(print: Print): Promise<void> {
  const files = ["config.json", "model.safetensors"];
  const found = await Promise.all([`${FOLDER}/model.onnx`, LIBRARY].map(isHere));
  if (found.includes(false)) {
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
  await print(
    `${describeAdapter(device)}, v3-xsmall beside onnxruntime-web ${ort.env.versions.web}; loaded in ${loading.toFixed(0)} ms`,
  );
  const rows = [
    ["tokens", "ours: first ms", "best ms", "theirs: load ms", "first ms", "best ms", "runs", "times as fast"],
  ];
  for (const length of LENGTHS) rows.push(await beside(model, ort, length, print));
  await print(table(rows));
  await model.dispose();
}

/** Both at one length: theirs is told it beforehand, so that it may plan for it. */
async function beside(
  model: DebertaV2ForSequenceClassification,
  ort: OnnxRuntime,
  length: number,
  print: Print,
): Promise<string[]> {
  const [creating, session] = await milliseconds(() =>
    ort.InferenceSession.create(`${FOLDER}/model.onnx`, {
      executionProviders: ["webgpu"],
      freeDimensionOverrides: { tokens: length },
    }),
  );
  const ids = Array.from({ length }, (_, i) => (7 * i) % 997);
  const feeds = {
    input_ids: new ort.Tensor("int64", BigInt64Array.from(ids, BigInt), [1, length]),
    attention_mask: new ort.Tensor("int64", new BigInt64Array(length).fill(1n), [1, length]),
  };
  const [ours, theirs]: [number[], number[]] = [[], []];
  let difference = 0;
  const started = performance.now();
  while (ours.length <= ROUNDS && (ours.length === 0 || performance.now() - started < ENOUGH)) {
    const [mine, { logits }] = await milliseconds(() => model.forward({ inputIds: [ids] }));
    await print(`${length} tokens: ours ${mine.toFixed(0)} ms`);
    const [other, results] = await milliseconds(() => session.run(feeds));
    await print(`${length} tokens: theirs ${other.toFixed(0)} ms`);
    ours.push(mine);
    theirs.push(other);
    const apart = [...results["logits"]!.data].map((value, i) => Math.abs(value - logits.data[i]!));
    difference = Math.max(difference, ...apart);
  }
  await session.release();
  await print(`${length} tokens: logits apart by at most ${difference.toExponential(1)}`);
  const best = ([first, ...later]: readonly number[]) => (later.length > 0 ? Math.min(...later) : first!);
  const times = [ours[0]!, best(ours), creating, theirs[0]!, best(theirs)].map((time) => time.toFixed(0));
  return [String(length), ...times, String(ours.length), (best(theirs) / best(ours)).toFixed(1)];
}
