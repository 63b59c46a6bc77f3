// What tokenizers find in JSON files: added tokens and ids.
import { CheckpointError } from "../errors.js";
import { isObject, show } from "../json.js";
import type { AddedToken } from "./text/added-tokens.js";

/** Ids beyond this have no row in any embedding table. */
const MAX_ID = 2 ** 24;

/** A token as Transformers and tokenizers write it. */
export function readToken(value: unknown, where: string): AddedToken {
  if (!isObject(value)) throw new CheckpointError(`${where} is not a token`);
  const fields = new Map(Object.entries(value));
  const content = fields.get("content");
  if (typeof content !== "string") throw new CheckpointError(`${where}: content is not a string`);
  const flag = (field: string): boolean | undefined => {
    const value = fields.get(field) ?? undefined;
    if (value !== undefined && typeof value !== "boolean")
      throw new CheckpointError(`${where}: ${field} is not true or false`);
    return value;
  };
  return {
    content,
    special: flag("special") ?? false,
    normalized: flag("normalized") ?? flag("special") !== true,
    singleWord: flag("single_word") ?? false,
    lstrip: flag("lstrip") ?? false,
    rstrip: flag("rstrip") ?? false,
  };
}

/** An id that some embedding table could have. */
export function readId(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_ID)
    throw new CheckpointError(`${where}: ${show(value)} is no token id (0 … ${MAX_ID})`);
  return value;
}
