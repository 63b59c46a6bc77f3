// A worker that runs the encoder of the bundled `fill` in onnxruntime-web, on the processor or on the GPU, for the Speed screen.
// Script, WebAssembly and model are fetched when a visitor asks for the comparison, never before.
import { env, InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";

export type Provider = "wasm" | "webgpu";

export interface CompareRequest {
  readonly provider: Provider;
  /** Address of the model. */
  readonly model: string;
  readonly ids: readonly number[];
  /** Runs at most, and milliseconds after which no further one begins; three at least. */
  readonly runs: number;
  readonly longest: number;
}

export interface Compared {
  readonly provider: Provider;
  readonly version: string;
  /** Milliseconds until the session was there, files included. */
  readonly loading: number;
  /** Whole runs in milliseconds, sorted: ids in, the mean of the last states out. */
  readonly runs: readonly number[];
  readonly vector: readonly number[];
}

export type CompareReply = Compared | { readonly error: string };

env.wasm.wasmPaths = { wasm };
env.wasm.numThreads = 1; // more need a page that is isolated from others
env.logLevel = "error";

async function compare({ provider, model, ids, runs: most, longest }: CompareRequest): Promise<Compared> {
  const started = performance.now();
  const session = await InferenceSession.create(model, {
    executionProviders: [provider],
    logSeverityLevel: 3,
    extra: { session: { disable_quant_qdq: "1" } }, // activations stay floats, as ours do
  });
  const loading = performance.now() - started;
  const shape = [1, ids.length];
  const feeds = {
    input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
    attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
  };
  const runs: number[] = [];
  let vector: readonly number[] = [];
  for (let run = 0, spent = 0; run <= most && (run <= 3 || spent < longest); run++) {
    const begun = performance.now();
    const { last_hidden_state: states } = await session.run(feeds);
    vector = mean((await states!.getData()) as Float32Array, ids.length);
    const time = performance.now() - begun;
    if (run === 0) continue; // compiles
    runs.push(time);
    spent += time;
  }
  await session.release();
  return { provider, version: env.versions.web ?? "", loading, runs: runs.sort((a, b) => a - b), vector };
}

function mean(states: Float32Array, rows: number): number[] {
  const size = states.length / rows;
  return Array.from({ length: size }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += states[row * size + column]!;
    return sum / rows;
  });
}

addEventListener("message", ({ data }: MessageEvent<CompareRequest>) => {
  const answer = (reply: CompareReply): void => postMessage(reply);
  compare(data).then(answer, (error: unknown) =>
    answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});
