// tokenizer.json: what both tokenizers need of it.
import { CheckpointError } from "../errors.js";
import type { AddedToken } from "./added-tokens.js";
import { fieldOf, type JsonObject } from "./json.js";
import { readId, readToken } from "./settings.js";

const FILE = "tokenizer.json";

/** Its added tokens, with the ids that it gives them. */
export function readAddedTokens(file: JsonObject): (AddedToken & { readonly id: number })[] {
  const list = fieldOf(file, "added_tokens") ?? [];
  if (!Array.isArray(list)) throw new CheckpointError(`${FILE}: added_tokens is not a list`);
  return list.map((value: unknown, i) => {
    const where = `${FILE}: added_tokens[${i}]`;
    const token = readToken(value, where);
    return { ...token, id: readId(fieldOf(value as JsonObject, "id"), `${where}: id`) };
  });
}
