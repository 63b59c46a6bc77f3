// tokenizer.json: the pipeline that tokenizers writes for this family, read into the data that the fast tokenizer is made
// of. Other kinds of models, normalizers and so on are refused by name; nothing of the file is ever run as a pattern.
import { CheckpointError, UnsupportedError } from "../errors.js";
import type { AddedToken } from "./text/added-tokens.js";
import type { Side, Template, TemplateItem } from "./encoding.js";
import type { PipelineData, Rewrite } from "./text/fast-pipeline.js";
import { fieldOf, isObject, show, type JsonObject } from "../json.js";
import { readId, readToken } from "./json.js";
import type { ByteStrings } from "./pieces/piece-trie.js";

const FILE = "tokenizer.json";
/** Sequences within sequences. */
const MAX_DEPTH = 8;
/** No model takes longer inputs. */
const MAX_PADDING = 2 ** 20;

const damaged = (what: string): CheckpointError => new CheckpointError(`${FILE}: ${what}`);

const FIELDS = [
  "version",
  "truncation",
  "padding",
  "added_tokens",
  "normalizer",
  "pre_tokenizer",
  "post_processor",
  "decoder",
  "model",
];

/** The model, the normalizer and the pre-tokenizer. Throws CheckpointError or UnsupportedError, naming the field. */
export function readPipeline(file: JsonObject): PipelineData {
  const unknown = Object.keys(file).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) throw damaged(`the field ${show(unknown)} is not one of this format`);
  const model = objectOf(fieldOf(file, "model"), "model");
  const type = fieldOf(model, "type");
  if (type !== "Unigram")
    throw new UnsupportedError(`${FILE}: model.type is ${show(type)}; only "Unigram" is supported`);
  if (fieldOf(model, "byte_fallback") === true)
    throw new UnsupportedError(`${FILE}: model.byte_fallback is not supported`);
  const vocabulary = readVocabulary(fieldOf(model, "vocab"));
  const size = vocabulary.scores.length;
  const unkId = fieldOf(model, "unk_id");
  if (!isIndex(unkId) || unkId >= size)
    throw damaged(`model.unk_id is ${show(unkId)}, the vocabulary has ${size} pieces`);
  checkMetaspace(objectOf(fieldOf(file, "decoder"), "decoder"), "decoder");
  return {
    ...vocabulary,
    unkId,
    rewrites: readSteps(fieldOf(file, "normalizer")),
    splitPunctuation: readPreTokenizer(fieldOf(file, "pre_tokenizer")),
  };
}

/** Its added tokens, with the ids that it gives them. */
export function readAddedTokens(file: JsonObject): (AddedToken & { readonly id: number })[] {
  return listOf(fieldOf(file, "added_tokens") ?? [], "added_tokens").map((value, i) => {
    const where = `${FILE}: added_tokens[${i}]`;
    const token = readToken(value, where);
    return { ...token, id: readId(fieldOf(objectOf(value, where), "id"), `${where}: id`) };
  });
}

/** Where special tokens go. `size` is the number of ids that there are, `tokenOf` gives the text of one. */
export function readTemplate(file: JsonObject, size: number, tokenOf: (id: number) => string): Template {
  const processor = fieldOf(file, "post_processor") ?? null;
  if (processor === null) {
    const single: TemplateItem[] = [{ sequence: 0, typeId: 0 }];
    return { single, pair: [...single, { sequence: 1, typeId: 1 }] };
  }
  const template = objectOf(processor, "post_processor");
  known(template, "post_processor", ["TemplateProcessing"]);
  const special = objectOf(fieldOf(template, "special_tokens"), "post_processor.special_tokens");
  const idsOf = (name: unknown): number[] => {
    const entry = typeof name === "string" ? fieldOf(special, name) : undefined;
    if (!isObject(entry)) throw damaged(`post_processor: ${show(name)} is not among its special_tokens`);
    return listOf(fieldOf(entry, "ids"), `post_processor.special_tokens[${show(name)}].ids`).map((id) => {
      if (!isIndex(id) || id >= size)
        throw damaged(`post_processor: ${show(name)} has the id ${show(id)}, there are ${size}`);
      return id;
    });
  };
  const items = (field: string): TemplateItem[] =>
    listOf(fieldOf(template, field), `post_processor.${field}`).map((value) => {
      const entry = objectOf(value, `post_processor.${field}`);
      const [kind] = Object.keys(entry);
      const body = objectOf(kind === undefined ? undefined : fieldOf(entry, kind), `post_processor.${field}`);
      const id = fieldOf(body, "id");
      const typeId = fieldOf(body, "type_id");
      if (!isIndex(typeId)) throw damaged(`post_processor.${field}: type_id is ${show(typeId)}`);
      if (kind === "SpecialToken") {
        const ids = idsOf(id);
        return { sequence: null, typeId, ids, tokens: ids.map(tokenOf) };
      }
      if (kind !== "Sequence" || (id !== "A" && id !== "B")) throw damaged(`post_processor.${field}: ${show(value)}`);
      return { sequence: id === "A" ? 0 : 1, typeId };
    });
  const [single, pair] = [items("single"), items("pair")];
  const uses = (list: readonly TemplateItem[], sequence: 0 | 1): boolean =>
    list.some((item) => item.sequence === sequence);
  if (!uses(single, 0) || uses(single, 1) || !uses(pair, 0) || !uses(pair, 1))
    throw damaged("post_processor: single must hold the sequence A, pair both A and B");
  return { single, pair };
}

/** Sides from its own truncation and padding, which otherwise have no say: every call brings its own. */
export function readSides(file: JsonObject): { readonly padding: Side; readonly truncation: Side } {
  const side = (value: JsonObject, field: string): Side => {
    const direction = fieldOf(value, "direction") ?? "Right";
    if (direction !== "Right" && direction !== "Left") throw damaged(`${field}.direction is ${show(direction)}`);
    return direction === "Right" ? "right" : "left";
  };
  const truncation = fieldOf(file, "truncation") ?? undefined;
  if (truncation !== undefined) {
    for (const field of ["max_length", "stride"])
      if (!isIndex(fieldOf(objectOf(truncation, "truncation"), field) ?? 0))
        throw damaged(`truncation.${field} is no length`);
  }
  const padding = fieldOf(file, "padding") ?? undefined;
  if (padding !== undefined) {
    const value = objectOf(padding, "padding");
    const strategy = fieldOf(value, "strategy");
    const fixed = isObject(strategy) ? fieldOf(strategy, "Fixed") : strategy === "BatchLongest" ? 0 : undefined;
    if (!isIndex(fixed) || fixed > MAX_PADDING)
      throw damaged(`padding.strategy is ${show(strategy)} (at most ${MAX_PADDING})`);
    const multiple = fieldOf(value, "pad_to_multiple_of") ?? 1;
    if (!isIndex(multiple) || multiple < 1) throw damaged(`padding.pad_to_multiple_of is ${show(multiple)}`);
  }
  return {
    truncation: truncation === undefined ? "right" : side(truncation as JsonObject, "truncation"),
    padding: padding === undefined ? "right" : side(padding as JsonObject, "padding"),
  };
}

function readVocabulary(value: unknown): Pick<PipelineData, "pieces" | "scores"> {
  const entries = listOf(value, "model.vocab");
  if (entries.length === 0) throw damaged("model.vocab is empty");
  const scores = new Float64Array(entries.length);
  const texts = entries.map((entry, id) => {
    const [text, score] = Array.isArray(entry) && entry.length === 2 ? (entry as unknown[]) : [];
    if (typeof text !== "string" || typeof score !== "number" || !Number.isFinite(score))
      throw damaged(`model.vocab[${id}] is ${show(entry)}, not a piece and its score`);
    scores[id] = score;
    return text;
  });
  return { pieces: encodeAll(texts), scores };
}

/** All texts in one buffer: encoding them one by one costs more than the rest of loading. */
function encodeAll(texts: readonly string[]): ByteStrings {
  const bytes = new TextEncoder().encode(texts.join(""));
  const starts = new Uint32Array(texts.length);
  const ends = new Uint32Array(texts.length);
  let at = 0;
  texts.forEach((text, id) => {
    starts[id] = at;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      // Each half of a surrogate pair counts two bytes; an unpaired one, three in the buffer, is refused below.
      at += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
    }
    ends[id] = at;
  });
  if (at !== bytes.length) throw damaged("model.vocab: a piece holds half of a character");
  return { bytes, starts, ends };
}

function readSteps(value: unknown, depth: number = 0): Rewrite[] {
  if (value === null || value === undefined) return [];
  const normalizer = objectOf(value, "normalizer");
  switch (known(normalizer, "normalizer", ["Sequence", "Lowercase", "Strip", "Precompiled", "NFC", "Replace"])) {
    case "Sequence":
      if (depth === MAX_DEPTH) throw damaged(`normalizer: sequences within more than ${MAX_DEPTH} sequences`);
      return listOf(fieldOf(normalizer, "normalizers"), "normalizer.normalizers").flatMap((each) =>
        readSteps(each, depth + 1),
      );
    case "Lowercase":
      return [{ kind: "lower case" }];
    case "Strip":
      return [
        {
          kind: "strip",
          left: fieldOf(normalizer, "strip_left") === true,
          right: fieldOf(normalizer, "strip_right") === true,
        },
      ];
    case "Precompiled":
      return [{ kind: "map", bytes: fromBase64(fieldOf(normalizer, "precompiled_charsmap")) }];
    case "NFC":
      return [{ kind: "compose" }];
    default:
      return [readReplace(normalizer)];
  }
}

/** What a space takes the place of: runs of spaces, or in Transformers 5 runs of white space, line breaks and tabs. */
const REPLACED: ReadonlyMap<unknown, Rewrite> = new Map([
  [" {2,}", { kind: "collapse spaces" }],
  ["\\s{2,}|[\\n\\r\\t]", { kind: "plain spaces" }],
]);

function readReplace(replace: JsonObject): Rewrite {
  const pattern = objectOf(fieldOf(replace, "pattern"), "normalizer.pattern");
  const regex = fieldOf(pattern, "Regex") ?? fieldOf(pattern, "String");
  if (typeof regex !== "string") throw damaged(`normalizer.pattern is ${show(regex)}`);
  const rewrite = REPLACED.get(fieldOf(pattern, "Regex"));
  if (rewrite && fieldOf(replace, "content") === " ") return rewrite;
  if (Object.hasOwn(pattern, "Regex")) {
    try {
      new RegExp(regex, "u"); // only to tell a damaged pattern from one that is merely unknown
    } catch (cause) {
      throw new CheckpointError(`${FILE}: normalizer: ${show(regex)} is no regular expression`, { cause });
    }
  }
  throw new UnsupportedError(
    `${FILE}: normalizer "Replace" of ${show(regex)} by ${show(fieldOf(replace, "content"))} is not one of this family`,
  );
}

/** Whether punctuation is split off. The rest must be Metaspace. */
function readPreTokenizer(value: unknown): boolean {
  const outer = objectOf(value, "pre_tokenizer");
  const list =
    fieldOf(outer, "type") === "Sequence"
      ? listOf(fieldOf(outer, "pretokenizers"), "pre_tokenizer.pretokenizers").map((each) =>
          objectOf(each, "pre_tokenizer"),
        )
      : [outer];
  const types = list.map((each) => known(each, "pre_tokenizer", ["Punctuation", "Metaspace"]));
  const order = types.join(", ");
  if (order !== "Metaspace" && order !== "Punctuation, Metaspace")
    throw new UnsupportedError(
      `${FILE}: pre_tokenizer ${show(order)}; supported are Metaspace, or Punctuation and Metaspace`,
    );
  const behavior = types.length === 2 ? (fieldOf(list[0]!, "behavior") ?? "Isolated") : "Isolated";
  if (behavior !== "Isolated")
    throw new UnsupportedError(`${FILE}: pre_tokenizer "Punctuation" with behavior ${show(behavior)}`);
  checkMetaspace(list.at(-1)!, "pre_tokenizer");
  return types.length === 2;
}

/** ▁ before every part, and a split at each. */
function checkMetaspace(metaspace: JsonObject, field: string): void {
  known(metaspace, field, ["Metaspace"]);
  const replacement = fieldOf(metaspace, "replacement");
  const scheme = fieldOf(metaspace, "prepend_scheme") ?? "always";
  const SCHEMES: readonly unknown[] = ["always", "never", "first"];
  if (typeof replacement !== "string" || Array.from(replacement).length !== 1 || !SCHEMES.includes(scheme))
    throw damaged(`${field}: Metaspace with replacement ${show(replacement)} and prepend_scheme ${show(scheme)}`);
  const split = fieldOf(metaspace, "split") ?? true;
  const prefix = fieldOf(metaspace, "add_prefix_space") ?? true;
  if (replacement !== "\u2581" || scheme !== "always" || split !== true || prefix !== true)
    throw new UnsupportedError(`${FILE}: ${field} "Metaspace" other than with "\u2581", always put first, and split`);
}

function fromBase64(value: unknown): Uint8Array {
  if (typeof value !== "string") throw damaged(`normalizer.precompiled_charsmap is ${show(value)}`);
  try {
    return Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
  } catch (cause) {
    throw new CheckpointError(`${FILE}: normalizer.precompiled_charsmap is not base64`, { cause });
  }
}

/** The type of a part, which must be one of those listed. */
function known(part: JsonObject, field: string, types: readonly string[]): string {
  const type = fieldOf(part, "type");
  if (typeof type !== "string" || !types.includes(type))
    throw new UnsupportedError(`${FILE}: ${field} ${show(type)} is not supported; supported: ${types.join(", ")}`);
  return type;
}

const isIndex = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function objectOf(value: unknown, field: string): JsonObject {
  if (!isObject(value)) throw damaged(`${field} is ${show(value)}, not an object`);
  return value;
}

function listOf(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value)) throw damaged(`${field} is ${show(value)}, not a list`);
  return value;
}
