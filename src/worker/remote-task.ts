// A task in a worker, as the page holds it: called like the task itself; the members of its model and tokenizer are there too,
// their methods giving promises.
import { DisposedError } from "../errors.js";
import type { DebertaV2PreTrainedModel } from "../model/model.js";
import type { Pipelines, TaskFunctions } from "../tasks/pipeline.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import type { Connection } from "./connection.js";
import type { ConfigFacts, Facts, TokenizerFacts } from "./facts.js";
import type { Part } from "./protocol.js";

/** A method whose answer takes a journey; of overloaded ones the last two signatures. */
type Far<Method> = Method extends {
  (...args: infer First): infer FirstResult;
  (...args: infer Last): infer LastResult;
}
  ? ((...args: First) => Promise<Awaited<FirstResult>>) & ((...args: Last) => Promise<Awaited<LastResult>>)
  : never;

type AllFar<Members> = { readonly [Name in keyof Members]: Far<Members[Name]> };

type ModelMethods = "describe" | "profile" | "inspect" | "memory";
type TokenizerMethods =
  | "encode"
  | "encodeBatch"
  | "tokenize"
  | "decode"
  | "convertTokensToIds"
  | "convertIdsToTokens"
  | "convertTokensToString"
  | "buildInputsWithSpecialTokens"
  | "getSpecialTokensMask"
  | "createTokenTypeIdsFromSequences"
  | "saveVocabulary";

/** A model in a worker. */
export type RemoteModel<Model = DebertaV2PreTrainedModel> = {
  /** The config's members, without its methods. */
  readonly config: ConfigFacts;
} & Pick<Model, keyof Model & "forward"> &
  AllFar<Pick<DebertaV2PreTrainedModel, ModelMethods>>;

/** A tokenizer in a worker: its numbers and names at hand, its methods as promises. */
export type RemoteTokenizer = TokenizerFacts & AllFar<Pick<DebertaV2TokenizerFast, TokenizerMethods>>;

/** A task in a worker: called like the task itself. */
export type RemoteTask<Name extends keyof Pipelines> = TaskFunctions[Name] & {
  /** The model: its config at hand, its methods as promises. */
  readonly model: RemoteModel<Pipelines[Name]["model"]>;
  /** The tokenizer: its numbers at hand, its methods as promises. */
  readonly tokenizer: RemoteTokenizer;
  /** Frees the task in the worker, and the worker if it was made for this task alone. Twice is harmless. */
  dispose(): Promise<void>;
  /** `dispose`, for `using`. */
  [Symbol.dispose](): void;
};

/** Where a task in a worker is. */
interface Place {
  readonly connection: Connection;
  /** The id of its load. */
  readonly id: number;
}

const places = new WeakMap<object, Place>();

/** Where what looks like a task is; undefined when it is in no worker. */
export const placeOfTask = (task: object): Place | undefined => places.get(task);

/** The task that was loaded under an id. */
export function remoteTask<Name extends keyof Pipelines>(
  connection: Connection,
  task: number,
  facts: Facts,
): RemoteTask<Name> {
  let disposal: Promise<void> | undefined;

  function use(part: Part, member: string | undefined, args: readonly unknown[]): Promise<unknown> {
    if (disposal) return Promise.reject(new DisposedError("this task was disposed"));
    const signalOf = args.findIndex((arg) => signalIn(arg) !== undefined);
    const signal = signalIn(args[signalOf]);
    const sent = args.map((arg) => (signalIn(arg) ? { ...(arg as object), signal: undefined } : arg));
    const request = { kind: "use", task, part, ...(member === undefined ? {} : { member }), args: sent } as const;
    return connection.ask(signal ? { ...request, signalOf } : request, { signal });
  }

  const methods = (part: Part, names: readonly string[]): object =>
    Object.fromEntries(names.map((name) => [name, (...args: readonly unknown[]) => use(part, name, args)]));

  const dispose = (): Promise<void> =>
    (disposal ??= connection.ask({ kind: "free", task }).then(
      () => undefined,
      () => undefined, // a worker that is gone holds nothing
    ));

  const remote = Object.assign((...args: readonly unknown[]) => use("task", undefined, args), {
    model: { config: facts.config, ...methods("model", MODEL_METHODS) },
    tokenizer: { ...facts.tokenizer, ...methods("tokenizer", TOKENIZER_METHODS) },
    dispose,
    [Symbol.dispose]: () => void dispose(),
  });
  places.set(remote, { connection, id: task });
  return remote as unknown as RemoteTask<Name>;
}

const MODEL_METHODS: readonly ("forward" | ModelMethods)[] = ["forward", "describe", "profile", "inspect", "memory"];
const TOKENIZER_METHODS: readonly TokenizerMethods[] = [
  "encode",
  "encodeBatch",
  "tokenize",
  "decode",
  "convertTokensToIds",
  "convertIdsToTokens",
  "convertTokensToString",
  "buildInputsWithSpecialTokens",
  "getSpecialTokensMask",
  "createTokenTypeIdsFromSequences",
  "saveVocabulary",
];

/** The AbortSignal of an options object, which cannot travel. */
function signalIn(value: unknown): AbortSignal | undefined {
  if (typeof value !== "object" || value === null || !("signal" in value)) return undefined;
  return value.signal instanceof AbortSignal ? value.signal : undefined;
}
