// What a caller asks of a text: entities, relations, classifications and structures, as plain data, checked and put into the order and
// wording in which the model reads them. Fields may be spelled as in Python (cls_threshold) or as here (clsThreshold).
import { kindOf } from "../task.js";

/** An entity type of a schema, with what is particular to it. */
export interface EntityField {
  /** Shown to the model behind the name. */
  readonly description?: string;
  /** Scores from this on count. Default: the call's. */
  readonly threshold?: number;
  /** "list" (default), or "str" for the best alone. */
  readonly dtype?: "list" | "str";
}

/** A relation of a schema, with what is particular to it. */
export interface RelationField {
  /** Shown to the model behind the name. */
  readonly description?: string;
  /** Scores from this on count. Default: the call's. */
  readonly threshold?: number;
}

/** A question with given answers, about the whole text. */
export interface ClassificationField {
  /** The labels, or labels with descriptions. */
  readonly labels: readonly string[] | Readonly<Record<string, string>>;
  /** Whether several labels may hold. Default: false. */
  readonly multiLabel?: boolean;
  /** With several labels: probabilities from this on count; without any, the best alone. Default: 0.5. */
  readonly clsThreshold?: number;
  /** With several labels: at most this many, best first. */
  readonly topK?: number;
  /** From logits to probabilities. Default: sigmoid with several labels, else softmax. */
  readonly classAct?: "auto" | "sigmoid" | "softmax";
  /** Said behind the task's name. */
  readonly prompt?: string;
  /** Texts with their labels, shown to the model. */
  readonly examples?: readonly (readonly [text: string, label: string])[];
}

/** A field of a structure; as a text "name::str::[one|two]::description", all but the name may be left out. */
export interface StructureField {
  /** Under which the result has it. */
  readonly name: string;
  /** "list" (default; "str" in a text with choices), or "str" for the best alone. */
  readonly dtype?: "list" | "str";
  /** The only values that it may have. */
  readonly choices?: readonly string[];
  /** Shown to the model behind the name. */
  readonly description?: string;
  /** Scores from this on count. Default: the call's. */
  readonly threshold?: number;
}

/** What is asked of a text, all in one run. At least one part. */
export interface ExtractionSchema {
  /** Types of entities: names, or names with descriptions or more. */
  readonly entities?: string | readonly string[] | Readonly<Record<string, string | EntityField>>;
  /** Relations between a head and a tail, both spans of the text. */
  readonly relations?: string | readonly string[] | Readonly<Record<string, string | RelationField>>;
  /** Questions by name, with their labels. */
  readonly classifications?: Readonly<
    Record<string, readonly string[] | Readonly<Record<string, string>> | ClassificationField>
  >;
  /** Records by name, each a list of fields; a text may hold several. */
  readonly structures?: Readonly<Record<string, readonly (string | StructureField)[]>>;
}

/** One field of a part, checked. */
export interface CheckedField {
  readonly name: string;
  readonly isList: boolean;
  readonly threshold: number | undefined;
  readonly choices: readonly string[] | undefined;
}

interface CheckedCommon {
  readonly name: string;
  /** What stands for the part's name in the model's input. */
  readonly prompt: string;
  readonly fields: readonly CheckedField[];
}

/** A part of a schema: what the model reads as one. */
export type CheckedPart =
  | (CheckedCommon & { readonly kind: "structures" | "entities" | "relations" })
  | (CheckedCommon & {
      readonly kind: "classifications";
      readonly multiLabel: boolean;
      readonly threshold: number;
      readonly topK: number | undefined;
      readonly activation: "sigmoid" | "softmax";
    });

/** The parts in the order of the input: structures, entities, relations, classifications. @throws TypeError or RangeError */
export function checkSchema(task: string, schema: unknown): CheckedPart[] {
  const all = recordOf(task, "the schema", schema);
  const known = ["entities", "relations", "classifications", "structures"];
  const other = Object.keys(all).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new TypeError(`${task}: the schema has ${JSON.stringify(other)}: its parts are ${known.join(", ")}`);
  const { structures = {}, entities, relations = {}, classifications = {} } = all;
  const found = [
    ...Object.entries(recordOf(task, "structures", structures)).map(([name, fields]) => structure(task, name, fields)),
    ...(entities === undefined ? [] : [entityPart(task, entities)]),
    ...named(task, "relations", relations).map(([name, own]) => relation(task, name, own)),
  ];
  const classes = Object.entries(recordOf(task, "classifications", classifications));
  // The model never sees a part without fields.
  return [
    ...found.filter(({ fields }) => fields.length > 0),
    ...classes.map(([name, own]) => classification(task, name, own)),
  ];
}

function structure(task: string, name: string, given: unknown): CheckedPart {
  if (!Array.isArray(given))
    throw new TypeError(`${task}: structure ${JSON.stringify(name)} must be a list of fields, not ${kindOf(given)}`);
  const read = given.map((field: unknown) => structureField(task, field));
  // As the library has it, an empty description is none here, but is one of entities and labels.
  const described = read.flatMap(({ field, description }) => (description ? [[field.name, description] as const] : []));
  return {
    kind: "structures",
    name,
    // Of fields with the same name the last counts, in the place of the first.
    prompt: withDescriptions(name, [...new Map(described)]),
    fields: [...new Map(read.map(({ field }) => [field.name, field])).values()],
  };
}

function structureField(task: string, given: unknown): { field: CheckedField; description: string | undefined } {
  const spec = typeof given === "string" ? writtenField(given) : recordOf(task, "a field", given);
  const at = `field ${JSON.stringify(spec["name"])}`;
  const { choices } = spec;
  if (choices !== undefined && choices !== null && !isTexts(choices))
    throw new TypeError(`${task}: ${at}: choices must be texts`);
  return {
    field: {
      name: textOf(task, "a field's name", spec["name"]),
      isList: isList(task, at, spec["dtype"]),
      threshold: thresholdOf(task, at, spec["threshold"]),
      choices: isTexts(choices) && choices.length > 0 ? choices : undefined,
    },
    description: optionalText(task, at, spec["description"]),
  };
}

/** "name::str::[one|two]::description" */
function writtenField(text: string): Record<string, unknown> {
  const [name, ...parts] = text.split("::");
  const field: Record<string, unknown> = { name };
  for (const part of parts) {
    if (part === "str" || part === "list") field["dtype"] = part;
    else if (part.startsWith("[") && part.endsWith("]"))
      field["choices"] = part
        .slice(1, -1)
        .split("|")
        .map((choice) => choice.trim());
    else field["description"] = part;
  }
  // Of choices one is meant, unless a list was asked for.
  if (field["choices"] !== undefined) field["dtype"] ??= "str";
  return field;
}

function entityPart(task: string, given: unknown): CheckedPart {
  const read = named(task, "entities", given).map(([name, own]) => {
    const at = `entity ${JSON.stringify(name)}`;
    const spec = typeof own === "string" ? { description: own } : recordOf(task, at, own);
    const field = {
      name,
      isList: isList(task, at, spec["dtype"]),
      threshold: thresholdOf(task, at, spec["threshold"]),
      choices: undefined,
    };
    return { field, description: optionalText(task, at, spec["description"]) };
  });
  const described = read.map(({ field, description }) => [field.name, description] as const);
  return {
    kind: "entities",
    name: "entities",
    prompt: withDescriptions("entities", described),
    fields: read.map(({ field }) => field),
  };
}

function relation(task: string, name: string, given: unknown): CheckedPart {
  const at = `relation ${JSON.stringify(name)}`;
  const spec = typeof given === "string" ? { description: given } : recordOf(task, at, given);
  const description = optionalText(task, at, spec["description"]);
  const threshold = thresholdOf(task, at, spec["threshold"]);
  const fields = ["head", "tail"].map((each) => ({ name: each, isList: true, threshold, choices: undefined }));
  return { kind: "relations", name, prompt: description ? `${name}: ${description}` : name, fields };
}

function classification(task: string, name: string, given: unknown): CheckedPart {
  const at = `classification ${JSON.stringify(name)}`;
  const isPlain = Array.isArray(given) || !Object.hasOwn(recordOf(task, at, given), "labels");
  const spec = isPlain ? { labels: given } : recordOf(task, at, given);
  const option = (own: string, inPython: string): unknown => spec[own] ?? spec[inPython];
  const { labels: written } = spec;
  const labels = isTexts(written) ? [...written] : Object.keys(recordOf(task, `${at}: labels`, written));
  const prompt = optionalText(task, at, spec["prompt"]);
  let said = prompt ? `${name}: ${prompt}` : name;
  if (!isTexts(written)) {
    const texts = recordOf(task, `${at}: labels`, written);
    said = withDescriptions(
      said,
      labels.map((label) => [label, textOf(task, `${at}: a description`, texts[label])] as const),
    );
  }
  for (const example of (spec["examples"] ?? []) as unknown[]) {
    if (!isTexts(example) || example.length !== 2)
      throw new TypeError(`${task}: ${at}: examples must be pairs of a text and a label`);
    const [text, label] = example;
    if (labels.includes(label!)) said += ` [EXAMPLE] ${text} [OUTPUT] ${label}`;
  }
  const multiLabel = option("multiLabel", "multi_label") ?? false;
  if (typeof multiLabel !== "boolean") throw new TypeError(`${task}: ${at}: multiLabel must be true or false`);
  const activation = option("classAct", "class_act") ?? "auto";
  if (activation !== "auto" && activation !== "sigmoid" && activation !== "softmax")
    throw new RangeError(
      `${task}: ${at}: classAct is ${JSON.stringify(activation)}: it must be "auto", "sigmoid" or "softmax"`,
    );
  const topK = option("topK", "top_k");
  if (topK !== undefined && !(Number.isInteger(topK) && (topK as number) >= 1))
    throw new RangeError(`${task}: ${at}: topK must be a whole number from 1 on`);
  return {
    kind: "classifications",
    name,
    prompt: said,
    fields: labels.map((label) => ({ name: label, isList: false, threshold: undefined, choices: undefined })),
    multiLabel,
    threshold: thresholdOf(task, at, option("clsThreshold", "cls_threshold")) ?? 0.5,
    topK: topK as number | undefined,
    activation: activation === "auto" ? (multiLabel ? "sigmoid" : "softmax") : activation,
  };
}

/** `name [DESCRIPTION] field: text …`; an empty text is said, too. */
const withDescriptions = (name: string, fields: readonly (readonly [string, string | undefined])[]): string =>
  name + fields.map(([field, text]) => (text === undefined ? "" : ` [DESCRIPTION] ${field}: ${text}`)).join("");

/** Names with settings. A text or a list gives names alone, in their order: an object would put numbers first. */
function named(task: string, what: string, given: unknown): (readonly [name: string, settings: unknown])[] {
  const names = typeof given === "string" ? [given] : given;
  if (!Array.isArray(names)) return Object.entries(recordOf(task, what, names));
  const texts = names.map((name: unknown) => textOf(task, `a name of ${what}`, name));
  return [...new Set(texts)].map((name) => [name, {}]);
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

function recordOf(task: string, what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError(`${task}: ${what} must be an object, not ${kindOf(value)}`);
  return value as Record<string, unknown>;
}

function textOf(task: string, what: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${task}: ${what} must be a text, not ${kindOf(value)}`);
  return value;
}

const optionalText = (task: string, at: string, value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : textOf(task, `${at}: a description`, value);

function isList(task: string, at: string, dtype: unknown): boolean {
  if (dtype === undefined || dtype === null || dtype === "list") return true;
  if (dtype === "str") return false;
  throw new RangeError(`${task}: ${at}: dtype is ${JSON.stringify(dtype)}: it must be "list" or "str"`);
}

function thresholdOf(task: string, at: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number")
    throw new TypeError(`${task}: ${at}: threshold must be a number, not ${kindOf(value)}`);
  if (!(value >= 0 && value <= 1))
    throw new RangeError(`${task}: ${at}: threshold is ${value}: it must be from 0 to 1`);
  return value;
}
