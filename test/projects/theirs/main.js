// The same calls of one `pipeline` on a BERT in ONNX, which theirs runs, and on a DeBERTa, which runs here. The title tells both answers of
// each call, as JSON.
import { env, pipeline as theirs } from "@huggingface/transformers";
import { withFallback } from "deberta-webgpu/transformers-js";

env.allowRemoteModels = false;
env.allowLocalModels = true; // not so in browsers, unless asked for
env.localModelPath = "/models/berts/";
env.backends.onnx.wasm.wasmPaths = new URL("./node_modules/onnxruntime-web/dist/", location.href).href;
env.backends.onnx.wasm.numThreads = 1;

const handed = []; // what theirs was asked for
const pipeline = withFallback((...args) => (handed.push(args.slice(0, 2)), theirs(...args)));

const TEXT = "wake me up at half past six tomorrow";
const CONTEXT = "it rains in paris at six .";
const LABELS = ["the time", "paris"];
/** By task: their model, ours, and calls. */
const TASKS = {
  "text-classification": [
    "tiny-intent",
    [[TEXT], [TEXT, { top_k: 3 }], [[TEXT, CONTEXT]], [[TEXT, CONTEXT], { top_k: 2 }]],
  ],
  "token-classification": [
    "redact",
    [
      [TEXT, { ignore_labels: [] }],
      [[TEXT, CONTEXT], { ignore_labels: [] }],
      [TEXT, { ignore_labels: [], aggregation_strategy: "simple" }],
    ],
  ],
  "zero-shot-classification": [
    "zero-shot",
    [
      [TEXT, LABELS],
      [[TEXT, CONTEXT], LABELS, { multi_label: true }],
      [TEXT, LABELS, { hypothesis_template: "It is about {}." }],
    ],
  ],
  "question-answering": [
    "answers",
    [
      ["what is the time ?", CONTEXT],
      ["what is the time ?", CONTEXT, { top_k: 3 }],
    ],
  ],
  "fill-mask": ["fill", [["wake me up at [MASK] ."], [["wake me [MASK]", "it [MASK] in paris"], { top_k: 2 }]]],
  "feature-extraction": [
    "vectors",
    [
      [TEXT],
      [TEXT, { pooling: "mean", normalize: true }],
      [[TEXT, CONTEXT], { pooling: "cls" }],
      [TEXT, { pooling: "first_token" }],
    ],
  ],
};

/** What can be told of a value in JSON; of a Tensor what both have. */
const told = (value) =>
  value?.dims ? { type: value.type, dims: value.dims, size: value.size, list: value.tolist() } : value;

async function answersOf(task, model, calls) {
  const run = await pipeline(task, model, { dtype: "fp32" });
  const answers = [];
  for (const args of calls) answers.push(told(await run(...args)));
  await run.dispose();
  return answers;
}

try {
  const answers = {};
  for (const [task, [ours, calls]] of Object.entries(TASKS))
    answers[task] = {
      theirs: await answersOf(task, task, calls),
      ours: await answersOf(task, `/models/${ours}/`, calls),
    };
  const refused = await pipeline("text-classification", "nobody/has-this").catch((error) => String(error));
  document.title = JSON.stringify({ answers, handed, refused });
} catch (error) {
  document.title = `Error: ${error.name} ${error.message}`;
  console.error(error);
}
