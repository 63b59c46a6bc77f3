// sentence-transformers folders (modules.json): how the states of a text's tokens become one vector, module by module as the library
// runs them. On the host: the states are read back anyway, and after pooling there is one row a text.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { floatsOf } from "../../checkpoint/floats.js";
import { readJson } from "../../checkpoint/read-whole.js";
import { readRows } from "../../checkpoint/rows.js";
import { openWeights } from "../../checkpoint/shards.js";
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { Fields } from "../../model/extraction/fields.js";

/** One text's states: rows of `width`, and where its prompt ends (0 without one). */
export interface TextStates {
  readonly rows: Float32Array;
  readonly width: number;
  readonly promptTokens: number;
}

/** What a folder says about its sentence vectors. */
export interface SentenceTransformer {
  /** Tokens of a text, special ones included. */
  readonly maxLength: number | undefined;
  readonly doLowerCase: boolean;
  readonly prompts: Readonly<Record<string, string>>;
  readonly defaultPrompt: string | undefined;
  /** Whether pooling counts the prompt's tokens. */
  readonly includePrompt: boolean;
  /** States → the text's vector. */
  vector(states: TextStates): Float32Array;
}

type Step = (vector: Float32Array) => Float32Array;

/** Ways of pooling, in the order in which several are put side by side. */
const POOLINGS = ["cls", "max", "mean", "mean_sqrt_len", "weightedmean", "lasttoken"] as const;
type Pooling = (typeof POOLINGS)[number];
const FIELD = (pooling: Pooling): string =>
  `pooling_mode_${pooling === "lasttoken" ? pooling : `${pooling}_token`}${pooling === "cls" || pooling === "lasttoken" ? "" : "s"}`;

const POOL: Record<Pooling, (rows: readonly Float32Array[]) => ArrayLike<number>> = {
  cls: (rows) => rows[0]!,
  max: (rows) => rows[0]!.map((_, c) => rows.reduce((most, row) => Math.max(most, row[c]!), -Infinity)),
  mean: (rows) => weighted(rows, () => 1, rows.length),
  mean_sqrt_len: (rows) => weighted(rows, () => 1, Math.sqrt(rows.length)),
  weightedmean: (rows) => weighted(rows, (i) => i + 1, (rows.length * (rows.length + 1)) / 2),
  lasttoken: (rows) => rows.at(-1)!,
};

function weighted(rows: readonly Float32Array[], weight: (row: number) => number, total: number): Float64Array {
  const sums = new Float64Array(rows[0]!.length);
  rows.forEach((row, i) => row.forEach((value, c) => (sums[c]! += weight(i) * value)));
  return sums.map((sum) => sum / total);
}

/** Activations of Dense modules, by the last part of torch's path. */
const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  Identity: (x) => x,
  Tanh: Math.tanh,
  ReLU: (x) => Math.max(0, x),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

/** @throws UnsupportedError for a module, pooling or activation that is not known, by file and field */
export async function readSentenceTransformer(folder: ModelFolder, signal?: AbortSignal): Promise<SentenceTransformer> {
  const modules = await readJson(folder, "modules.json", signal);
  if (!Array.isArray(modules)) throw new CheckpointError("modules.json: a list is expected");
  const steps: Step[] = [];
  let pool: ((states: readonly Float32Array[]) => Float32Array) | undefined;
  let includePrompt = true;
  for (const json of modules as unknown[]) {
    const module = new Fields("modules.json", json);
    const path = module.text("path", "");
    const type = module.text("type", "").split(".").at(-1)!;
    if (type === "Transformer") continue;
    if (type === "Pooling") {
      const config = await configOf(folder, path, signal);
      pool = poolingOf(config);
      includePrompt = config.flag("include_prompt", true);
    } else if (type === "Dense") steps.push(await denseOf(folder, path, signal));
    else if (type === "Normalize") steps.push((vector) => normalized(vector, 1e-12));
    else module.refuse("type", "Transformer, Pooling, Dense and Normalize are");
  }
  if (!pool) throw new UnsupportedError("modules.json: a Pooling module is needed");
  const sizes = await Fields.read(folder, "sentence_bert_config.json", signal);
  const settings = await Fields.read(folder, "config_sentence_transformers.json", signal);
  const prompts = settings?.inside("prompts")?.json ?? {};
  const name = settings?.text("default_prompt_name", "") ?? "";
  const pooling = pool;
  return {
    maxLength: sizes?.value("max_seq_length") === undefined ? undefined : sizes.integer("max_seq_length", 0, 1),
    doLowerCase: sizes?.flag("do_lower_case", false) ?? false,
    prompts: prompts as Record<string, string>,
    defaultPrompt: name === "" ? undefined : name,
    includePrompt,
    vector({ rows, width, promptTokens }) {
      const first = includePrompt ? 0 : promptTokens;
      const all = Array.from({ length: rows.length / width - first }, (_, i) =>
        rows.subarray((first + i) * width, (first + i + 1) * width),
      );
      return steps.reduce((vector, step) => step(vector), pooling(all));
    },
  };
}

/** A vector at length 1. */
export function normalized(vector: Float32Array, least: number): Float32Array {
  const length = Math.max(least, Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)));
  return vector.map((value) => value / length);
}

async function configOf(folder: ModelFolder, path: string, signal: AbortSignal | undefined): Promise<Fields> {
  const file = `${path}/config.json`;
  const config = await Fields.read(folder, file, signal);
  if (!config) throw folder.missing(file);
  return config;
}

function poolingOf(config: Fields): (rows: readonly Float32Array[]) => Float32Array {
  const spelled = config.value("pooling_mode");
  const names =
    spelled === undefined ? POOLINGS.filter((pooling) => config.flag(FIELD(pooling), false)) : [spelled].flat();
  const unknown = names.find((name) => !(POOLINGS as readonly unknown[]).includes(name));
  if (unknown !== undefined) config.refuse("pooling_mode", `${POOLINGS.join(", ")} are`);
  const chosen = POOLINGS.filter((pooling) => names.includes(pooling));
  const order = chosen.length > 0 ? chosen : (["mean"] as const);
  return (rows) => Float32Array.from(order.flatMap((pooling) => Array.from(POOL[pooling](rows))));
}

async function denseOf(folder: ModelFolder, path: string, signal: AbortSignal | undefined): Promise<Step> {
  const config = await configOf(folder, path, signal);
  const [inputs, outputs] = ["in_features", "out_features"].map((field) => config.integer(field, 0, 1, 65_536)) as [
    number,
    number,
  ];
  const activation = config.text("activation_function", "torch.nn.modules.activation.Tanh").split(".").at(-1)!;
  const known = Object.hasOwn(ACTIVATIONS, activation) ? ACTIVATIONS[activation] : undefined;
  const activate = known ?? config.refuse("activation_function", `torch's ${Object.keys(ACTIVATIONS).join(", ")} are`);
  const below = { open: (name: string) => folder.open(`${path}/${name}`) };
  const tensors = await openWeights(below, signal ? { signal } : {});
  const read = async (name: string, shape: readonly number[]): Promise<Float32Array> => {
    const entry = tensors.get(name);
    if (entry?.shape.join() !== shape.join())
      throw new CheckpointError(`${path}: ${name} is missing or not [${shape.join(", ")}]`);
    const rows = Array.from({ length: shape[0]! }, (_, row) => row);
    return floatsOf(entry.dtype, await readRows(entry, rows, below, signal));
  };
  const weight = await read("linear.weight", [outputs, inputs]);
  const bias = config.flag("bias", true) ? await read("linear.bias", [outputs]) : new Float32Array(outputs);
  return (vector) =>
    bias.map((start, row) =>
      activate(vector.reduce((sum, value, c) => sum + value * weight[row * inputs + c]!, start)),
    );
}
