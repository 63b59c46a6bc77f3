// What of a loaded task does not change, sent to the page once: the model's config and the tokenizer's numbers.
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";

/** A config's members, without its methods. */
export type ConfigFacts = Omit<DebertaV2Config, "withNumLabels" | "toJSON">;

const TOKENIZER_FACTS = [
  "vocabSize",
  "padTokenId",
  "clsTokenId",
  "sepTokenId",
  "unkTokenId",
  "maskTokenId",
  "bosTokenId",
  "eosTokenId",
  "maskToken",
  "allSpecialTokens",
  "modelMaxLength",
] as const;

/** A tokenizer's members that are no methods. */
export type TokenizerFacts = Pick<DebertaV2TokenizerFast, (typeof TOKENIZER_FACTS)[number]>;

export interface Facts {
  readonly config: ConfigFacts;
  readonly tokenizer: TokenizerFacts;
}

/** The facts of a task, as data that can be sent. */
export function factsOf({ model, tokenizer }: { readonly model: object; readonly tokenizer: object }): Facts {
  const { config } = model as { readonly config: DebertaV2Config };
  const read = tokenizer as DebertaV2TokenizerFast;
  return {
    config: membersOf(config) as ConfigFacts,
    tokenizer: Object.fromEntries(TOKENIZER_FACTS.map((name) => [name, read[name]])) as unknown as TokenizerFacts,
  };
}

/** An object's own members and what its getters give, by their names. */
function membersOf(value: object): object {
  const prototype = Object.getPrototypeOf(value) as object;
  const getters = Object.getOwnPropertyNames(prototype).filter(
    (name) => Object.getOwnPropertyDescriptor(prototype, name)!.get !== undefined,
  );
  const members = [...Object.keys(value), ...getters];
  return Object.fromEntries(members.map((name) => [name, (value as Record<string, unknown>)[name]]));
}
