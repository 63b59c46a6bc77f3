// From a schema and a text to GLiNER2's tokens: the schema's parts, the choices of its fields, the words; and which column begins which.
// Every element is tokenized by itself.
import type { SchemaColumns } from "../../model/extraction/gliner2.js";
import type { DebertaV2TokenizerFast } from "../../tokenizer/tokenizer-fast.js";
import type { CheckedPart } from "./schema.js";
import type { Word } from "./words.js";

/** The library's own tokens, in the order in which it adds them. */
export const GLINER2_TOKENS: readonly string[] = [
  "[SEP_STRUCT]",
  "[SEP_TEXT]",
  "[P]",
  "[C]",
  "[E]",
  "[R]",
  "[L]",
  "[EXAMPLE]",
  "[OUTPUT]",
  "[DESCRIPTION]",
];

const MARKERS: Readonly<Record<CheckedPart["kind"], string>> = {
  structures: "[C]",
  entities: "[E]",
  relations: "[R]",
  classifications: "[L]",
};

/** One text with its schema, ready for the model. */
export interface SchemaTokens {
  readonly ids: number[];
  readonly schemas: readonly SchemaColumns[];
  /** Columns of the choices' elements, then of the words. */
  readonly words: readonly number[];
  /** The elements before the words, which are looked at as words. */
  readonly prefix: readonly string[];
}

export function schemaTokens(
  tokenizer: DebertaV2TokenizerFast,
  parts: readonly CheckedPart[],
  words: readonly Word[],
): SchemaTokens {
  const elements: string[] = [];
  const places = parts.map(({ kind, prompt, fields }, index) => {
    if (index > 0) elements.push("[SEP_STRUCT]");
    const first = elements.length;
    elements.push("(", "[P]", prompt, "(", ...fields.flatMap(({ name }) => [MARKERS[kind], name]), ")", ")");
    return { prompt: first + 1, fields: fields.map((_, field) => first + 4 + 2 * field) };
  });
  const prefix = choicePrefix(parts);
  elements.push("[SEP_TEXT]");
  const firstWord = elements.length;
  elements.push(...prefix, ...words.map(({ text }) => text.toLowerCase()));
  const { ids, wordIds } = tokenizer.encode(elements, undefined, {
    isSplitIntoWords: true,
    addSpecialTokens: false,
    truncation: false,
  });
  // An element without tokens takes the next one's place.
  let column = 0;
  const starts = elements.map((_, element) => {
    while (column < ids.length && wordIds![column]! < element) column++;
    return Math.min(column, ids.length - 1);
  });
  return {
    ids,
    schemas: parts.map(({ kind }, index) => ({
      kind: kind === "classifications" ? "classes" : kind === "entities" ? "first" : "instances",
      prompt: starts[places[index]!.prompt]!,
      fields: places[index]!.fields.map((element) => starts[element]!),
    })),
    words: starts.slice(firstWord),
    prefix,
  };
}

/** `( name: field ( one | two ) , field ( … ) )` for every structure whose fields have choices. */
function choicePrefix(parts: readonly CheckedPart[]): string[] {
  return parts.flatMap(({ kind, name, fields }) => {
    const chosen = kind === "structures" ? fields.filter(({ choices }) => choices) : [];
    if (chosen.length === 0) return [];
    const lists = chosen.flatMap(({ name: field, choices }, index) => [
      ...(index > 0 ? [","] : []),
      field,
      "(",
      ...choices!.flatMap((choice, at) => (at > 0 ? ["|", choice] : [choice])),
      ")",
    ]);
    return ["(", `${name}:`, ...lists, ")"];
  });
}
