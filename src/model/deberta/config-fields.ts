// Typed reading of config.json's fields. A field is absent, or of the right kind and within bounds, or refused by name.
// Bounds are far above every published model; they keep a small file from asking for terabytes.
import { activationOf } from "./activations.js";
import { UnsupportedError } from "../../errors.js";
import { fieldOf, isObject, show, type JsonObject } from "../../json.js";

/** A relative term of the attention scores: content-to-position or position-to-content. */
export type PositionTerm = "c2p" | "p2c";

/** The losses of sequence classification; null decides by the number of labels and their shape. */
export type ProblemType = "regression" | "single_label_classification" | "multi_label_classification" | null;

/** The fields of a config.json as parsed. */
export type ConfigJson = JsonObject;

/** Throws the UnsupportedError of a field. `supported` continues "… is not supported (". */
export function refuse(field: string, value: unknown, supported: string): never {
  throw new UnsupportedError(`config.json: ${field} ${show(value)} is not supported (${supported})`);
}

/** Refuses a config that nests deeper than any real one: a small file can hold thousands of levels. */
export function requireShallow(json: ConfigJson): void {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > 64) throw new UnsupportedError("config.json: is nested deeper than 64 levels");
    const below = level.flatMap((value): unknown[] => (value && typeof value === "object" ? Object.values(value) : []));
    level = [...new Set(below)];
  }
}

/** The inclusive bounds of an integer field. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** An integer within bounds; the fallback where the field is absent. */
export function integerField(json: ConfigJson, field: string, fallback: number, { min, max }: Bounds): number {
  const value = fieldOf(json, field);
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  return refuse(field, value, `an integer from ${min} to ${max} is`);
}

/** As `integerField`, for fields that may also be null: then the fallback counts. */
export function optionalIntegerField(json: ConfigJson, field: string, fallback: number, bounds: Bounds): number {
  return fieldOf(json, field) === null ? fallback : integerField(json, field, fallback, bounds);
}

/** A truth value; the fallback where the field is absent, and false for null, as Python has it. Numbers and strings are no truth values. */
export function booleanField(json: ConfigJson, field: string, fallback: boolean): boolean {
  const value = fieldOf(json, field);
  if (value === undefined) return fallback;
  return typeof value === "boolean" || value === null ? value === true : refuse(field, value, "true and false are");
}

/** A string; the fallback where the field is absent. */
export function textField(json: ConfigJson, field: string, fallback: string): string {
  const value = fieldOf(json, field);
  if (value === undefined) return fallback;
  return typeof value === "string" ? value : refuse(field, value, "a string is");
}

/** As `textField`, for fields that may also be null: then the fallback counts. */
export function optionalTextField(json: ConfigJson, field: string, fallback: string): string {
  return fieldOf(json, field) === null ? fallback : textField(json, field, fallback);
}

/** A finite number ≥ 0 that float32 can hold; the fallback where the field is absent. */
export function sizeField(json: ConfigJson, field: string, fallback: number): number {
  const value = fieldOf(json, field);
  if (value === undefined) return fallback;
  if (typeof value === "number" && value >= 0 && Number.isFinite(Math.fround(value))) return value;
  return refuse(field, value, "a finite number from 0 is");
}

/** A finite number, for fields that only training reads; the fallback where it is absent or null. */
export function numberField<T extends number | null>(json: ConfigJson, field: string, fallback: T): number | T {
  const value = fieldOf(json, field);
  if (value === undefined || value === null) return fallback;
  return Number.isFinite(value) ? (value as number) : refuse(field, value, "a finite number is");
}

/** A token id or null; the fallback where the field is absent. */
export function optionalTokenField(json: ConfigJson, field: string, fallback: number): number | null {
  const value = fieldOf(json, field);
  if (value === undefined) return fallback;
  if (value === null || Number.isSafeInteger(value)) return value as number | null;
  return refuse(field, value, "an integer is");
}

/** `label2id` as far as it maps to indices, which may be written as texts; undefined where the file gives no such object. */
export function indexField(json: ConfigJson): ReadonlyMap<string, number> | undefined {
  const value = fieldOf(json, "label2id");
  if (!isObject(value)) return undefined;
  const indices = new Map<string, number>();
  for (const [name, given] of Object.entries(value)) {
    const index = typeof given === "string" ? integerOf(given) : given;
    if (Number.isSafeInteger(index)) indices.set(name, index as number);
  }
  return indices;
}

/** A text as Python's int() reads it; NaN for what is none. */
function integerOf(text: string): number {
  return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : NaN;
}

/** The label names by class index, from `id2label`; undefined where the file gives none. Indices must be 0 … C − 1. */
export function labelField(json: ConfigJson, maxLabels: number): ReadonlyMap<number, string> | undefined {
  const value = fieldOf(json, "id2label");
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) return refuse("id2label", value, "an object from index to name is");
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > maxLabels) refuse("id2label", value, `1 to ${maxLabels} labels are`);
  const labels = new Map<number, string>();
  for (const [key, name] of entries) {
    const index = integerOf(key);
    if (!(index >= 0) || index >= entries.length || labels.has(index)) {
      refuse(`id2label key`, key, `the keys 0 to ${entries.length - 1} are, for ${entries.length} labels`);
    }
    // Tables whose labels are numbers or truth values are saved as such; results name them as texts.
    if (typeof name === "object" && name !== null) refuse(`id2label ${key}:`, name, "a string or a number is");
    labels.set(index, String(name));
  }
  return new Map([...labels].sort(([a], [b]) => a - b));
}

/** Refuses another family of models. */
export function checkModelType(json: ConfigJson): void {
  const type = fieldOf(json, "model_type");
  if (type === "deberta-v2") return;
  if (type !== undefined) refuse("model_type", type, "deberta-v2 is");
  // The authors' own files have no model_type; these two fields tell that it is one of theirs.
  if (Object.hasOwn(json, "position_buckets") || Object.hasOwn(json, "pos_att_type")) return;
  throw new UnsupportedError("config.json: model_type is missing (deberta-v2 is supported)");
}

/** Refuses a field that says something else than what follows from the others. */
export function requireEqual(json: ConfigJson, field: string, supported: number, formula: string): void {
  const value = fieldOf(json, field);
  if (value === undefined || value === null || value === supported) return;
  refuse(field, value, `${formula} = ${supported} is`);
}

/** The name of an activation that this engine knows. */
export function activationField(json: ConfigJson, field: string, fallback: string): string {
  const name = textField(json, field, fallback);
  activationOf(name, field);
  return name;
}

/** The terms that `pos_att_type` names. A string is lower-cased and split at "|"; a list is taken as it is, as Transformers does. */
export function positionTermsField(json: ConfigJson): PositionTerm[] {
  const value = fieldOf(json, "pos_att_type");
  if (value === undefined || value === null) return [];
  const names: unknown[] | undefined =
    typeof value === "string" ? splitAtBars(value) : Array.isArray(value) ? (value as unknown[]) : undefined;
  if (!names) return refuse("pos_att_type", value, "a string or a list of c2p and p2c is");
  const terms = new Set<PositionTerm>();
  for (const name of names) {
    if (name === "c2p" || name === "p2c") terms.add(name);
    else if (name !== "none" && name !== "" && name !== null) refuse("pos_att_type", name, "c2p and p2c are");
  }
  return [...terms];
}

/** Whether `norm_rel_ebd` asks for a LayerNorm of the relative table. */
export function normField(json: ConfigJson): boolean {
  const text = textField(json, "norm_rel_ebd", "none");
  const parts = splitAtBars(text);
  if (!parts.every((part) => part === "layer_norm" || part === "none" || part === "")) {
    refuse("norm_rel_ebd", text, "layer_norm and none are");
  }
  return parts.includes("layer_norm");
}

function splitAtBars(text: string): string[] {
  return text
    .toLowerCase()
    .split("|")
    .map((part) => part.trim());
}

/** `problem_type`, one of its three values or null. */
export function problemTypeField(json: ConfigJson): ProblemType {
  const value = fieldOf(json, "problem_type");
  switch (value) {
    case undefined:
    case null:
      return null;
    case "regression":
    case "single_label_classification":
    case "multi_label_classification":
      return value;
    default:
      return refuse(
        "problem_type",
        value,
        "regression, single_label_classification and multi_label_classification are",
      );
  }
}
