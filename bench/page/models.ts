// Whole forward passes on this GPU, random weights, beside onnxruntime-web's WebGPU where its files lie beside the page.
import { DebertaV2ForSequenceClassification } from "deberta-webgpu";
import type { Device } from "deberta-webgpu/runtime";
import { forwardFlops, madeIds, randomCheckpoint, SHAPES } from "../random-checkpoint.js";
import { plansIn } from "../support.js";

/** One model at one length. */
export interface ModelTime {
  readonly shape: string;
  readonly tokens: number;
  /** The first pass, which compiles. */
  readonly first?: number;
  /** The best of the later ones. */
  readonly milliseconds?: number;
  readonly plans?: readonly string[];
  /** onnxruntime-web with the same weights and ids. */
  readonly onnxruntime?: OnnxTime;
  /** Why there is no time. */
  readonly failed?: string;
}

/** What onnxruntime-web made of it. */
export type OnnxTime =
  | {
      readonly version: string;
      readonly first: number;
      readonly milliseconds: number;
      /** Of the same weights by this package, in the same rounds. */
      readonly ours: number;
      /** The largest difference between the two's logits. */
      readonly difference: number;
    }
  | { readonly failed: string };

const LENGTHS = [32, 128, 512];
/** A model's budget beside a body's, and the share of the adapter's arithmetic that it is expected to reach at least. */
const [LONGER, EXPECTED] = [100, 0.3] as const;
/** Runs of a model: at least so many after the first, and until a tenth of its budget has passed. */
const RUNS = 2;

async function timesOf(runs: readonly (() => Promise<unknown>)[], milliseconds: number) {
  const times = runs.map((): number[] => []);
  const start = performance.now();
  for (let round = 0; round <= RUNS || performance.now() - start < milliseconds; round++) {
    for (const [which, run] of runs.entries()) {
      const from = performance.now();
      await run();
      times[which]!.push(performance.now() - from);
    }
  }
  return times.map(([first, ...later]) => ({ first: first!, milliseconds: Math.min(...later) }));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Every shape at every length. `milliseconds`: a body's budget; `gflops`: the adapter's ceiling. */
export async function timeModels(
  device: Device,
  milliseconds: number,
  gflops: number,
  onProgress: (text: string, share: number) => void,
  signal?: AbortSignal,
): Promise<ModelTime[]> {
  const times: ModelTime[] = [];
  const all = Object.keys(SHAPES).length * LENGTHS.length;
  for (const [shape, config] of Object.entries(SHAPES)) {
    const expected = (tokens: number) => forwardFlops(config, [tokens]) / (1e6 * gflops * EXPECTED);
    const inTime = LENGTHS.filter((tokens) => expected(tokens) <= LONGER * milliseconds);
    const late = LENGTHS.slice(inTime.length).map((tokens): ModelTime => {
      const seconds = (expected(tokens) / 1000).toFixed(1);
      return { shape, tokens, failed: `left out: some ${seconds} s a pass on this adapter` };
    });
    try {
      if (inTime.length > 0) {
        const model = await DebertaV2ForSequenceClassification.fromPretrained(randomCheckpoint(config), {
          device: device.gpu,
        });
        try {
          for (const tokens of inTime) {
            signal?.throwIfAborted();
            onProgress(`${shape}, ${tokens} tokens`, times.length / all);
            const inputs = { inputIds: madeIds([tokens]) };
            const [time] = await timesOf([() => model.forward(inputs)], (milliseconds * LONGER) / 10);
            times.push({ shape, tokens, ...time!, plans: plansIn(model.describe()) });
          }
        } finally {
          await model.dispose();
        }
        onProgress(`${shape}, onnxruntime-web`, times.length / all);
        const beside = await besideOnnx(device, shape, inTime, (milliseconds * LONGER) / 10, signal);
        for (const [at, time] of times.entries()) {
          const onnxruntime = time.shape === shape ? beside.get(time.tokens) : undefined;
          if (onnxruntime) times[at] = { ...time, onnxruntime };
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      const done = times.filter((time) => time.shape === shape).length;
      times.push(...inTime.slice(done).map((tokens): ModelTime => ({ shape, tokens, failed: messageOf(error) })));
    }
    times.push(...late);
  }
  return times;
}

/** By length. Both run in turn, with weights and ids of the folder onnx/<shape> beside the page. */
async function besideOnnx(
  device: Device,
  shape: string,
  lengths: readonly number[],
  milliseconds: number,
  signal?: AbortSignal,
): Promise<Map<number, OnnxTime>> {
  const failed = (why: string) => new Map(lengths.map((tokens) => [tokens, { failed: why }] as const));
  const folder = new URL(`onnx/${shape}/`, document.baseURI).href;
  const file = await fetch(`${folder}model.onnx`).catch(() => undefined);
  if (!file?.ok || file.headers.get("Content-Type")?.includes("html"))
    return failed(`left out: no onnx/${shape}/model.onnx beside this page`);
  const results = new Map<number, OnnxTime>();
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const ort = await import("onnxruntime-web/webgpu");
    const model = await DebertaV2ForSequenceClassification.fromPretrained(folder, { device: device.gpu });
    try {
      for (const tokens of lengths) {
        signal?.throwIfAborted();
        const session = await ort.InferenceSession.create(bytes, {
          executionProviders: ["webgpu"],
          freeDimensionOverrides: { tokens },
        });
        const inputIds = madeIds([tokens]);
        const feeds = {
          input_ids: new ort.Tensor("int64", BigInt64Array.from(inputIds[0]!, BigInt), [1, tokens]),
          attention_mask: new ort.Tensor("int64", new BigInt64Array(tokens).fill(1n), [1, tokens]),
        };
        let [mine, other]: Float32Array[] = [];
        const [ours, theirs] = await timesOf(
          [
            async () => (mine = (await model.forward({ inputIds })).logits.data),
            async () => (other = (await session.run(feeds))["logits"]!.data as Float32Array),
          ],
          milliseconds,
        );
        const difference = Math.max(...other!.map((value, i) => Math.abs(value - mine![i]!)));
        const version = ort.env.versions.web ?? "";
        results.set(tokens, { version, ...theirs!, ours: ours!.milliseconds, difference });
        await session.release();
      }
    } finally {
      await model.dispose();
    }
  } catch (error) {
    signal?.throwIfAborted();
    for (const tokens of lengths) if (!results.has(tokens)) results.set(tokens, { failed: messageOf(error) });
  }
  return results;
}
