// The same encoder in onnxruntime-web, in a worker of its own that goes when the figures are there.
import type { Compared, CompareReply, CompareRequest, Provider } from "../onnx-thread.js";
import { trusted } from "../trusted.js";
import { LONGEST, RUNS } from "./speed.js";

export type { Compared };

/** The bundled model that lies beside the page in ONNX, too. */
export const COMPARABLE = "fill";
/** Of script, WebAssembly and model, in bytes, about. */
export const FETCHED = 31e6;

/** Runs `ids` on the processor and on the GPU. Rejects with the signal's reason when it aborts. */
export async function compare(ids: readonly number[], signal: AbortSignal): Promise<readonly (Compared | Failed)[]> {
  const model = new URL(`./onnx/${COMPARABLE}.onnx`, document.baseURI).href;
  const found: (Compared | Failed)[] = [];
  for (const provider of ["wasm", "webgpu"] as const) {
    const reply = await ask({ provider, model, ids, runs: RUNS, longest: LONGEST }, signal);
    found.push("error" in reply ? { provider, ...reply } : reply);
  }
  return found;
}

export interface Failed {
  readonly provider: Provider;
  readonly error: string;
}

function ask(request: CompareRequest, signal: AbortSignal): Promise<CompareReply> {
  signal.throwIfAborted();
  const worker = new Worker(trusted("onnx"), { type: "module", name: "onnxruntime-web" });
  return new Promise<CompareReply>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<CompareReply>) => resolve(data);
    worker.onerror = ({ message }) => resolve({ error: message || "its script could not be loaded" });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}
