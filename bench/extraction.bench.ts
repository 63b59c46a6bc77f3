// A GLiNER of gliner_small-v2.1's shape with random weights, one text of 384 words and 25 labels: milliseconds of each part on this
// adapter, and the whole with the LSTM's recurrence in every form. `python bench/extraction.py` prints PyTorch's beside.
import { GLiNERModel } from "deberta-webgpu";
import { Device } from "deberta-webgpu/runtime";
import { randomGliner } from "./random-checkpoint.js";
import { describeAdapter, type Print } from "./support.js";

const [WORDS, LABELS, H, MARKER] = [384, 25, 512, 998];
const SMALL = {
  vocab_size: 1000,
  hidden_size: 768,
  num_hidden_layers: 6,
  num_attention_heads: 12,
  intermediate_size: 3072,
};

/** Two tokens a label behind its marker, five tokens in four words. */
function request() {
  const prompt = [1, ...Array.from({ length: LABELS }, (_, i) => [MARKER, 3 + i, 40 + i]).flat(), 999];
  const numbersOfTokens = Array.from({ length: WORDS }, (_, i) => (i % 4 === 3 ? [i + 1, 0] : [i + 1])).flat();
  const ids = [...prompt, ...numbersOfTokens.map((_, i) => (7 * i) % 997), 2];
  const wordsMask = [...prompt.map(() => 0), ...numbersOfTokens, 0];
  return { inputIds: [ids], wordsMask: [wordsMask], textLengths: [WORDS] };
}

/** The part that a node belongs to. */
function partOf(name: string): string {
  if (/lstm.*gates/.test(name)) return "LSTM, products with the words";
  if (name.includes("lstm")) return "LSTM, recurrence (lstm.wgsl)";
  if (name.includes("head")) return "span scores";
  return /^(projection|picked|labels)/.test(name) ? "words and labels" : "encoder";
}

/** The least of some runs' milliseconds, after one that compiles. */
async function least(run: () => unknown, runs = 2): Promise<number> {
  await run();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  return Math.min(...times);
}

/** As in a page whose policy lacks 'wasm-unsafe-eval'. */
async function withoutWebAssembly<T>(run: () => Promise<T>): Promise<T> {
  const { Module } = WebAssembly;
  Reflect.set(WebAssembly, "Module", () => {
    throw new WebAssembly.CompileError("refused");
  });
  try {
    return await run();
  } finally {
    Reflect.set(WebAssembly, "Module", Module);
  }
}

export default async function bench(print: Print): Promise<void> {
  const device = await Device.request();
  const inputs = request();
  await print(`${describeAdapter(device)}: ${inputs.inputIds[0]!.length} tokens, ${WORDS} words, ${LABELS} labels`);
  const source = randomGliner(SMALL, { hidden_size: H, max_width: 12, class_token_index: MARKER });
  const row = (name: string, value: string) => print(`${name.padEnd(36)} ${value.padStart(8)}`);
  const measure = async (name: string, lstm: "host" | "device"): Promise<GLiNERModel> => {
    const model = await GLiNERModel.fromPretrained(source, { device: device.gpu, lstm });
    await row(`whole, LSTM ${name}, ms`, (await least(() => model.forward(inputs))).toFixed(0));
    return model;
  };
  const model = await measure("on the device", "device");
  const parts = new Map<string, number>();
  for (const { name, milliseconds } of await model.profile(inputs))
    parts.set(partOf(name), (parts.get(partOf(name)) ?? 0) + milliseconds);
  for (const [name, milliseconds] of parts) await row(`  ${name}, ms`, milliseconds.toFixed(1));
  await row("  memory, MiB", (model.memory().gpuBytes / 2 ** 20).toFixed(0));
  await model.dispose();
  await (await measure("on the host, WebAssembly", "host")).dispose();
  await (await withoutWebAssembly(() => measure("on the host, JavaScript", "host"))).dispose();
}
