// What comes out of JSON files, where nothing is known about a value before it is looked at. Only own properties count:
// `__proto__` in a file is a field like any other.
import { CheckpointError } from "./errors.js";

/** A JSON object as parsed. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own field; what an object inherits is never a field of a file. */
export function fieldOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A value for a message: JSON where it has such a form, shortened. What is nested deeper than a stack is only named. */
export function show(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value); // NaN and Infinity, too
  if (value === undefined) return "missing";
  if (typeof value === "function" || typeof value === "symbol") return typeof value;
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return Array.isArray(value) ? "a list" : "an object";
  }
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/**
 * The value of a JSON file.
 * @param file its name, for messages
 * @throws CheckpointError when the bytes are not JSON in UTF-8
 */
export function parseJson(file: string, bytes: Uint8Array): unknown {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return JSON.parse(text) as unknown;
  } catch (cause) {
    // Python writes NaN and Infinity, which JSON does not know; the parser's own message would not tell the field.
    const [, field, value] = /"(\w+)"\s*:\s*(-?(?:NaN|Infinity))\b/.exec(text) ?? [];
    const reason = field === undefined ? String(cause) : `${field} is ${String(value)}`;
    throw new CheckpointError(`${file}: is not JSON (${reason})`, { cause });
  }
}
