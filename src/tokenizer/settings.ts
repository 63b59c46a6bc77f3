// The small JSON files beside a vocabulary: special tokens, added tokens and defaults, in Transformers' precedence:
// the caller's options, special_tokens_map.json, tokenizer_config.json, defaults. Once tokenizer_config.json holds
// `added_tokens_decoder`, the other sources of added tokens are ignored. Source: Transformers 4.57,
// `tokenization_utils_base.py`, `_from_pretrained`.
import { CheckpointError } from "../errors.js";
import type { OptionTable } from "../options.js";
import { addedToken, contentOf, ROLES, tokenKey, type AddedToken, type Role } from "./text/added-tokens.js";
import type { Side } from "./encoding.js";
import { fieldOf, isObject, show, type JsonObject } from "../json.js";
import { readId, readToken } from "./json.js";

/** What a caller may set in place of tokenizer_config.json. */
export interface TokenizerOptions {
  /** Overrides `do_lower_case` of tokenizer_config.json. */
  readonly doLowerCase?: boolean | undefined;
  /** Overrides `split_by_punct` of tokenizer_config.json. */
  readonly splitByPunct?: boolean | undefined;
}

export const TOKENIZER_OPTIONS: OptionTable<TokenizerOptions> = { doLowerCase: "boolean", splitByPunct: "boolean" };

export interface Settings {
  readonly names: Readonly<Record<Role, string>>;
  /** All special tokens: plain names, or tokens with flags of their own. One text may stand there as both. */
  readonly special: readonly (string | AddedToken)[];
  readonly additionalSpecial: readonly string[];
  /** Tokens that were added, by the id that the files give them. */
  readonly added: ReadonlyMap<number, AddedToken>;
  readonly doLowerCase: boolean;
  readonly splitByPunct: boolean;
  readonly cleanUp: boolean;
  /** An option of sentencepiece that changes what it gives, which the slow class hands on to it. */
  readonly pieceOption: string | undefined;
  /** Special tokens in a text are text. */
  readonly splitSpecialTokens: boolean;
  readonly paddingSide: Side;
  readonly truncationSide: Side;
  /** Infinity where the files name none. */
  readonly modelMaxLength: number;
}

export const CONFIG = "tokenizer_config.json";
export const SPECIAL_MAP = "special_tokens_map.json";
export const ADDED = "added_tokens.json";

const DEFAULTS: Record<Role, string> = {
  bos: "[CLS]",
  eos: "[SEP]",
  unk: "[UNK]",
  sep: "[SEP]",
  pad: "[PAD]",
  cls: "[CLS]",
  mask: "[MASK]",
};
const PIECE_OPTIONS = ["enable_sampling", "add_bos", "add_eos", "reverse"];
/** Transformers' "no limit" is 1e30; above this it asks for a length. */
const LARGE_INTEGER = 1e20;

/** What the files hold; undefined for a file that is not there. `tokenizerJsonTokens`: its `added_tokens`, checked. */
export interface SettingsFiles {
  readonly config: JsonObject | undefined;
  readonly specialMap: JsonObject | undefined;
  readonly addedTokens: JsonObject | undefined;
  readonly tokenizerJsonTokens: readonly (AddedToken & { readonly id: number })[] | undefined;
  /** What `padding_side` and `truncation_side` are unless tokenizer_config.json says so. */
  readonly sides: { readonly padding: Side; readonly truncation: Side };
}

/** Whether the other sources of added tokens are read at all. */
export function isLegacy(config: JsonObject | undefined): boolean {
  return config === undefined || !Object.hasOwn(config, "added_tokens_decoder");
}

/** Throws CheckpointError, naming the file and the field. */
export function resolveSettings(files: SettingsFiles, options: TokenizerOptions): Settings {
  const config = new Map(Object.entries(files.config ?? {}));
  const tokens = new Map<string, string | AddedToken>();
  const absent = new Set<string>(); // by a null
  let additional: (string | AddedToken)[] = [];
  let extra: (string | AddedToken)[] = [];
  const readNames = (source: ReadonlyMap<string, unknown>, file: string, asSpecial: boolean): void => {
    for (const role of ROLES) {
      const field = `${role}_token`;
      const value = source.get(field);
      if (value === undefined) continue;
      if (value === null) absent.add(role);
      else {
        absent.delete(role);
        tokens.set(role, readName(value, `${file}: ${field}`, asSpecial));
      }
    }
    const namesIn = (field: string): (string | AddedToken)[] =>
      listIn(source.get(field), `${file}: ${field}`).map((value, i) =>
        readName(value, `${file}: ${field}[${i}]`, asSpecial),
      );
    extra = extra.concat(namesIn("extra_special_tokens"));
    const more = namesIn("additional_special_tokens");
    // As Python compares them: a name is never a token, and what tokenizer_config.json holds are no tokens yet.
    const known = new Set(additional.filter((token) => typeof token === "string"));
    const isNew = (token: string | AddedToken): boolean => {
      const key = typeof token === "string" ? token : `\0${tokenKey(token)}`;
      const isNew = !known.has(key);
      known.add(key);
      return isNew;
    };
    additional = asSpecial ? additional.concat(more.filter(isNew)) : more;
  };
  readNames(config, CONFIG, false);

  const added = new Map<number, AddedToken>();
  const decoder = config.get("added_tokens_decoder");
  if (decoder !== undefined) {
    if (!isObject(decoder)) throw new CheckpointError(`${CONFIG}: added_tokens_decoder is not an object`);
    for (const [id, value] of Object.entries(decoder))
      added.set(
        readId(/^\d+$/.test(id) ? Number(id) : id, CONFIG),
        readToken(value, `${CONFIG}: added_tokens_decoder["${id}"]`),
      );
  } else {
    if (files.specialMap) readNames(new Map(Object.entries(files.specialMap)), SPECIAL_MAP, true);
    const named = new Set([...tokens.values(), ...additional].map(contentOf));
    for (const [content, id] of Object.entries(files.addedTokens ?? {}))
      added.set(readId(id, `${ADDED}: ${show(content)}`), addedToken(content, named.has(content)));
    for (const { id, ...token } of files.tokenizerJsonTokens ?? []) added.set(id, token);
  }
  // A name that stands in added_tokens_decoder or tokenizer.json has the flags it has there.
  const withFlags = new Map([...added.values()].map((token) => [token.content, token]));
  if (decoder !== undefined || files.tokenizerJsonTokens)
    for (const [role, token] of tokens) tokens.set(role, withFlags.get(contentOf(token)) ?? token);

  const flag = (field: string): boolean => {
    const value = config.get(field) ?? false;
    if (value === 0 || value === 1) return value === 1;
    if (typeof value !== "boolean")
      throw new CheckpointError(`${CONFIG}: ${field} is ${show(value)}, not true or false`);
    return value;
  };
  const kwargs = config.get("sp_model_kwargs");
  const side = (field: string, otherwise: Side): Side => {
    const value = config.get(field) ?? otherwise;
    if (value !== "right" && value !== "left")
      throw new CheckpointError(`${CONFIG}: ${field} is ${show(value)}, not "right" or "left"`);
    return value;
  };
  const maxLength = config.get(config.has("model_max_length") ? "model_max_length" : "max_len") ?? Infinity;
  if (typeof maxLength !== "number") throw new CheckpointError(`${CONFIG}: model_max_length is ${show(maxLength)}`);
  const byRole = ROLES.filter((role) => !absent.has(role)).map((role) => tokens.get(role) ?? DEFAULTS[role]);
  const roleNames = new Set(byRole.map(contentOf));
  const others = [...additional, ...extra].filter((token) => !roleNames.has(contentOf(token)));
  const names = { ...DEFAULTS };
  for (const role of ROLES) names[role] = contentOf(tokens.get(role) ?? DEFAULTS[role]);
  return {
    names,
    special: [...eachOnce(byRole.filter((token) => token !== "")), ...others],
    additionalSpecial: additional.map(contentOf),
    added,
    doLowerCase: options.doLowerCase ?? flag("do_lower_case"),
    splitByPunct: options.splitByPunct ?? flag("split_by_punct"),
    cleanUp: flag("clean_up_tokenization_spaces"),
    pieceOption: PIECE_OPTIONS.find((option) => isObject(kwargs) && fieldOf(kwargs, option)),
    splitSpecialTokens: flag("split_special_tokens"),
    paddingSide: side("padding_side", files.sides.padding),
    truncationSide: side("truncation_side", files.sides.truncation),
    modelMaxLength: maxLength > LARGE_INTEGER ? Infinity : maxLength,
  };
}

/** Tokens in a list or, each under a name of its own, in an object. */
function listIn(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  if (isObject(value)) return Object.values(value);
  if (value === undefined || value === null) return [];
  throw new CheckpointError(`${where} is not a list`);
}

/** The first of those with the same text. */
function eachOnce(tokens: readonly (string | AddedToken)[]): (string | AddedToken)[] {
  return tokens.filter((token, i) => tokens.findIndex((other) => contentOf(other) === contentOf(token)) === i);
}

/** A special token's name, or a token with flags. */
function readName(value: unknown, where: string, asSpecial: boolean): string | AddedToken {
  if (typeof value === "string") return value;
  return readToken(asSpecial && isObject(value) ? { content: "", ...value, special: true } : value, where);
}
