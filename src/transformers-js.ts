// The subpath deberta-webgpu/transformers-js: a `pipeline` with the signature of transformers.js that runs DeBERTa-v2 checkpoints on
// this engine and hands everything else to theirs.
import type { Source } from "./checkpoint/source.js";
import type { LoadOptions } from "./model/load/options.js";
import type { WeightsDType } from "./model/load/storage.js";
import type { Tensor } from "./model/outputs.js";
import { canRun } from "./on-demand.js";
import { pipeline, type Pipelines } from "./tasks/pipeline.js";

/** `pipeline` of transformers.js, as far as it is looked at here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- their overloads are kept as they are
export type TheirPipeline = (task: any, model?: any, options?: any) => Promise<any>;

type Options = Readonly<Record<string, unknown>>;
type Task = { dispose(): void | Promise<void> } & object;

/** Their names of tasks. */
const TASKS: Readonly<Record<string, keyof Pipelines>> = {
  "text-classification": "text-classification",
  "sentiment-analysis": "text-classification",
  "token-classification": "token-classification",
  ner: "token-classification",
  "question-answering": "question-answering",
  "fill-mask": "fill-mask",
  "zero-shot-classification": "zero-shot-classification",
  "feature-extraction": "feature-extraction",
};

const DTYPES: Readonly<Record<string, WeightsDType>> = {
  auto: "auto",
  fp32: "f32",
  fp16: "f16",
  q8: "q8",
  int8: "q8",
  uint8: "q8",
  q4: "q4",
  q4f16: "q4",
  bnb4: "q4",
};

/** Options that ask for something of their runtime. */
const THEIR_OWN = [
  "config",
  "model_file_name",
  "session_options",
  "use_external_data_format",
  "local_files_only",
  "cache_dir",
];

/**
 * A `pipeline` like theirs. Tasks and checkpoints that this engine runs, where there is WebGPU, run on it; all else is theirs:
 * other models, folders that hold ONNX files only, other tasks, `device: "wasm"`.
 *
 * ```ts
 * import { pipeline as theirs } from "@huggingface/transformers";
 * import { withFallback } from "deberta-webgpu/transformers-js";
 * const pipeline = withFallback(theirs);
 * ```
 *
 * @returns a function of their signature; its tasks take their options and give their results, and have `dispose`
 */
export function withFallback<Theirs extends TheirPipeline>(theirs: Theirs): Theirs {
  const either: TheirPipeline = async (task: string, model?: string | null, options: Options = {}) => {
    const name = Object.hasOwn(TASKS, task) ? TASKS[task]! : undefined;
    const load = name && typeof model === "string" ? loadOptions(options) : undefined;
    if (!name || !load || !(await runsHere(model as string, load)))
      return (await theirs(task, model, options)) as unknown;
    return inTheirShape(name, await pipeline(name, model as string, load));
  };
  return either as Theirs;
}

/** Their options of loading in ours; undefined where they ask for their runtime. */
function loadOptions({ revision, progress_callback: tell, ...rest }: Options): LoadOptions | undefined {
  const { device, dtype } = { device: rest["device"] ?? "auto", dtype: rest["dtype"] ?? "auto" };
  if (!["webgpu", "gpu", "auto"].includes(device as string)) return undefined;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype) || THEIR_OWN.some((name) => rest[name] != null))
    return undefined;
  const load: LoadOptions = {
    dtype: DTYPES[dtype]!,
    ...(typeof revision === "string" && { revision }),
    ...(typeof tell === "function" && {
      onProgress: ({ file, loaded, total }) => {
        const progress = total ? (100 * loaded) / total : 0;
        (tell as (event: object) => void)({ status: "progress", file, loaded, total, progress });
      },
    }),
  };
  return load;
}

/** Whether this engine runs it, by config and headers alone. */
async function runsHere(source: Source, { dtype, revision }: LoadOptions): Promise<boolean> {
  return canRun(source, { ...(dtype && { dtype }), ...(revision !== undefined && { revision }) }).then(
    ({ ok }) => ok,
    () => false, // no address, id or network of ours: theirs may look elsewhere, and says what is wrong
  );
}

type Run = (...args: unknown[]) => Promise<unknown>;

/** A task that takes their arguments and gives their results. */
function inTheirShape(name: keyof Pipelines, task: Task): object {
  const run = task as unknown as Run;
  const shapes: Readonly<Record<string, Run>> = {
    "text-classification": (texts, options) => run(texts, { truncation: true, ...withoutOne(options as Options) }),
    "token-classification": async (texts, options) => spelled(await run(texts, options)),
    "question-answering": async (question, context, options) =>
      trimmed(await run(questions(question, context), options)),
    // A text is one label, not several with commas between them.
    "zero-shot-classification": (texts, labels, options) =>
      run(texts, typeof labels === "string" ? [labels] : labels, options),
    "feature-extraction": async (texts, options) => {
      const found = await run(Array.isArray(texts) ? texts : [texts], withOurPooling(options as Options));
      return theirTensor(found as Tensor[]);
    },
  };
  const call = Object.hasOwn(shapes, name) ? shapes[name]! : run;
  return Object.assign((...args: unknown[]) => call(...args), task);
}

/** `top_k: 1`, their default, gives one label for a text, as nothing does here. */
function withoutOne(options: Options = {}): Options {
  const { top_k: topK, ...rest } = options;
  return topK === 1 ? rest : options;
}

/** Their second name of a pooling. */
const withOurPooling = (options: Options = {}): Options =>
  options["pooling"] === "first_token" ? { ...options, pooling: "cls" } : options;

/** Answers as their tokenizer decodes them, without the space that may stand in front. */
function trimmed(found: unknown): unknown {
  if (Array.isArray(found)) return found.map(trimmed);
  return { ...(found as object), answer: (found as { answer: string }).answer.trim() };
}

/** One question with its context, or several. */
const questions = (question: unknown, context: unknown): unknown =>
  Array.isArray(question)
    ? question.map((each: unknown, at) => ({
        question: each,
        context: Array.isArray(context) ? (context[at] as unknown) : context,
      }))
    : { question, context };

/** Tokens as text, as their tokenizer decodes them. */
function spelled(found: unknown): unknown {
  return (found as unknown[]).map((each) =>
    Array.isArray(each)
      ? spelled(each)
      : { ...(each as object), word: (each as { word: string }).word.replaceAll("▁", " ").trim() },
  );
}

/** One tensor of all texts, shorter ones filled with zeros: their `data`, `dims` and `tolist`. */
function theirTensor(tensors: readonly Tensor[]): object {
  const width = tensors[0]?.shape.at(-1) ?? 0;
  const isPooled = tensors[0]?.shape.length === 2;
  const rows = tensors.reduce((most, { data }) => Math.max(most, data.length / width), 0);
  const data = new Float32Array(tensors.length * rows * width);
  tensors.forEach((tensor, index) => data.set(tensor.data, index * rows * width));
  const dims = isPooled ? [tensors.length, width] : [tensors.length, rows, width];
  const nested = (from: number, [size = 0, ...inner]: readonly number[]): unknown[] => {
    const step = inner.reduce((product, each) => product * each, 1);
    return Array.from({ length: size }, (_, at) =>
      inner.length === 0 ? data[from + at] : nested(from + at * step, inner),
    );
  };
  return { type: "float32", data, dims, size: data.length, tolist: () => nested(0, dims) };
}
