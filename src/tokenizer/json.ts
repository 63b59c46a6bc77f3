// What comes out of JSON files, where nothing is known about a field before it is looked at: objects, added tokens, ids.
import { CheckpointError } from "../errors.js";
import type { AddedToken } from "./text/added-tokens.js";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field; what an object inherits is never a field of a file. */
export function fieldOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A value for a message. Lists and objects are only named: they may be nested deeper than a stack is. */
export function show(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return JSON.stringify(value).slice(0, 80);
}

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
