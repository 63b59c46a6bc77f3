// sentence-transformers folders (modules.json): how the states of a text's tokens become one vector, module by module as the library
// runs them. On the host: the states are read back anyway, and after pooling there is one row a text.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { floatsOf } from "../../checkpoint/floats.js";
import { readJson } from "../../checkpoint/read-whole.js";
import { readRows } from "../../checkpoint/rows.js";
import { openWeights } from "../../checkpoint/shards.js";
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { Fields } from "../../model/extraction/fields.js";
import { TORCH_ACTIVATIONS, torchActivation } from "../torch-activations.js";
import { readSentenceSettings, type SentenceSettings } from "./sentence-settings.js";

/** One text's states: rows of `width`, and where its prompt ends (0 without one). */
export interface TextStates {
  readonly rows: Float32Array;
  readonly width: number;
  readonly promptTokens: number;
}

/** What a folder says about its sentence vectors. */
export interface SentenceTransformer extends SentenceSettings {
  /** Whether pooling counts the prompt's tokens. */
  readonly includePrompt: boolean;
  /** States → the text's vector. */
  vector(states: TextStates): Float32Array;
}

type Step = (vector: Float32Array) => Float32Array;

/** Ways of pooling by the flags of older configs, in the order in which several are put side by side. */
const FLAGS = {
  pooling_mode_cls_token: "cls",
  pooling_mode_max_tokens: "max",
  pooling_mode_mean_tokens: "mean",
  pooling_mode_mean_sqrt_len_tokens: "mean_sqrt_len_tokens",
  pooling_mode_weightedmean_tokens: "weightedmean",
  pooling_mode_lasttoken: "lasttoken",
} as const;
type Pooling = (typeof FLAGS)[keyof typeof FLAGS];

/** The rows that count, and the place of the first of them in the text. */
type Pool = (rows: readonly Float32Array[], first: number) => ArrayLike<number>;

const POOL: Readonly<Record<Pooling, Pool>> = {
  cls: (rows) => rows[0]!,
  max: (rows) => rows[0]!.map((_, c) => rows.reduce((most, row) => Math.max(most, row[c]!), -Infinity)),
  mean: (rows) => weighted(rows, () => 1, rows.length),
  mean_sqrt_len_tokens: (rows) => weighted(rows, () => 1, Math.sqrt(rows.length)),
  weightedmean: (rows, first) => {
    const weight = (row: number) => first + row + 1;
    return weighted(rows, weight, ((weight(0) + weight(rows.length - 1)) * rows.length) / 2);
  },
  lasttoken: (rows) => rows.at(-1)!,
};
const POOLINGS = Object.keys(POOL) as Pooling[];

function weighted(rows: readonly Float32Array[], weight: (row: number) => number, total: number): Float64Array {
  const sums = new Float64Array(rows[0]!.length);
  rows.forEach((row, i) => row.forEach((value, c) => (sums[c]! += weight(i) * value)));
  return sums.map((sum) => sum / total);
}

/** @throws UnsupportedError for a module, pooling or activation that is not known, by file and field */
export async function readSentenceTransformer(folder: ModelFolder, signal?: AbortSignal): Promise<SentenceTransformer> {
  const modules = await readJson(folder, "modules.json", signal);
  if (!Array.isArray(modules)) throw new CheckpointError("modules.json: a list is expected");
  const steps: Step[] = [];
  let pool: ReturnType<typeof poolingOf> | undefined;
  let includePrompt = true;
  for (const json of modules as unknown[]) {
    const module = new Fields("modules.json", json);
    const path = module.text("path", "");
    const type = module.text("type", "").split(".").at(-1)!;
    if (type === "Transformer") {
      if (path !== "") module.refuse("path", "of the Transformer, the folder itself is");
    } else if (type === "Pooling") {
      const config = await configOf(folder, path, signal);
      pool = poolingOf(config);
      includePrompt = config.flag("include_prompt", true);
    } else if (type === "Dense") steps.push(await denseOf(folder, path, signal));
    else if (type === "Normalize") steps.push((vector) => normalized(vector, 1e-12));
    else module.refuse("type", "Transformer, Pooling, Dense and Normalize are");
  }
  if (!pool) throw new UnsupportedError("modules.json: a Pooling module is needed");
  const pooling = pool;
  return {
    ...(await readSentenceSettings(folder, signal)),
    includePrompt,
    vector({ rows, width, promptTokens }) {
      const first = includePrompt ? 0 : promptTokens;
      const all = Array.from({ length: rows.length / width - first }, (_, i) =>
        rows.subarray((first + i) * width, (first + i + 1) * width),
      );
      return steps.reduce((vector, step) => step(vector), pooling(all, first));
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

function poolingOf(config: Fields): (rows: readonly Float32Array[], first: number) => Float32Array {
  const flagged = Object.entries(FLAGS).flatMap(([flag, pooling]) => (config.flag(flag, false) ? [pooling] : []));
  const names = [config.value("pooling_mode") ?? flagged].flat();
  const isKnown = (name: unknown): name is Pooling => (POOLINGS as readonly unknown[]).includes(name);
  if (!names.every(isKnown)) config.refuse("pooling_mode", `${POOLINGS.join(", ")} are`);
  const order: readonly Pooling[] = names.length > 0 ? names : ["mean"];
  return (rows, first) => Float32Array.from(order.flatMap((pooling) => Array.from(POOL[pooling](rows, first))));
}

async function denseOf(folder: ModelFolder, path: string, signal: AbortSignal | undefined): Promise<Step> {
  const config = await configOf(folder, path, signal);
  const [inputs, outputs] = ["in_features", "out_features"].map((field) => config.integer(field, 0, 1, 65_536)) as [
    number,
    number,
  ];
  const activate =
    torchActivation(config.text("activation_function", "torch.nn.modules.activation.Tanh")) ??
    config.refuse("activation_function", `torch's ${TORCH_ACTIVATIONS.join(", ")} are`);
  for (const field of ["module_input_name", "module_output_name"])
    config.choice(field, "sentence_embedding", ["sentence_embedding"]);
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
  return (vector) => {
    if (vector.length !== inputs)
      throw new CheckpointError(
        `${config.file}: in_features is ${inputs}, what it is given has ${vector.length} numbers`,
      );
    return bias.map((start, row) =>
      activate(vector.reduce((sum, value, c) => sum + value * weight[row * inputs + c]!, start)),
    );
  };
}
