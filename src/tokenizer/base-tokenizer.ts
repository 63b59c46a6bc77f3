// What both tokenizers share: the shape of a call, special tokens, batches and padding. They differ in how a text becomes
// tokens, how too many tokens are cut, and how tokens become text again.
import { bindMembers } from "../bound.js";
import { type OptionTable, readOptions } from "../options.js";
import { resolveCall, type Call, type CallTruncation } from "./call.js";
import { ENCODE_OPTIONS, pad, type EncodeOptions, type Encoding } from "./encoding.js";
import { contentOf, ROLES, type Role } from "./text/added-tokens.js";
import type { Settings } from "./settings.js";
import type { Tokens } from "./tokens.js";

/** A text, or its words with `isSplitIntoWords`. */
export type TextInput = string | readonly string[];
/** One text, or two that belong together. */
export type TextOrPair = TextInput | readonly [TextInput, TextInput];

/** Options of `decode`. */
export interface DecodeOptions {
  /** Whether special tokens are left out. Default: false. */
  readonly skipSpecialTokens?: boolean | undefined;
  /** Default: `clean_up_tokenization_spaces` of tokenizer_config.json. */
  readonly cleanUpTokenizationSpaces?: boolean | undefined;
}

const DECODE_OPTIONS: OptionTable<DecodeOptions> = {
  skipSpecialTokens: "boolean",
  cleanUpTokenizationSpaces: "boolean",
};

/** The name and the bytes of a vocabulary's file. */
export interface VocabularyFile {
  /** "spm.model". */
  readonly name: string;
  /** A copy. */
  readonly bytes: Uint8Array;
}

/** The bytes, or a way to read them when they are asked for. */
export type VocabularyBytes = Uint8Array | undefined | (() => Promise<Uint8Array | undefined>);

/** What a decoded text is tidied of: each becomes the same without its spaces, in this order. */
const CLEAN_UP = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're"];

/** What both tokenizers share. */
export abstract class BaseTokenizer {
  protected readonly settings: Settings;
  readonly #vocabulary: VocabularyBytes;
  #special: { readonly ids: ReadonlyMap<Role, number>; readonly all: ReadonlySet<number> } | undefined;

  /** Number of pieces, without added tokens. */
  abstract readonly vocabSize: number;

  protected constructor(settings: Settings, vocabulary: VocabularyBytes) {
    this.settings = settings;
    this.#vocabulary = vocabulary;
    bindMembers(this);
  }

  /** Whether overflowing encodings are windows, which are padded as the main one. */
  protected abstract readonly padsWindows: boolean;
  /** Whether a text that gives no token at all is padded when it is encoded alone. */
  protected abstract readonly padsEmpty: boolean;
  protected abstract idOf(token: string): number;
  protected abstract tokenOf(id: number): string | null;
  /** A text's tokens, without special ones. */
  protected abstract tokensOf(text: TextInput, isSplitIntoWords: boolean): Tokens;
  /** Cuts, and puts texts and special tokens together. */
  protected abstract build(sequences: readonly Tokens[], truncation: CallTruncation | undefined, call: Call): Encoding;
  protected abstract decodeIds(ids: readonly number[], skipSpecialTokens: boolean): string;

  /** The pieces of a text, without special tokens. */
  abstract tokenize(text: string): string[];
  /** The text that these tokens stand for. */
  abstract convertTokensToString(tokens: readonly string[]): string;

  /** Id of `[PAD]`. */
  get padTokenId(): number {
    return this.#idOfRole("pad");
  }
  /** Id of `[CLS]`, which every sequence begins with. */
  get clsTokenId(): number {
    return this.#idOfRole("cls");
  }
  /** Id of `[SEP]`, which every text ends with. */
  get sepTokenId(): number {
    return this.#idOfRole("sep");
  }
  /** Id of `[UNK]`, in place of what no piece covers. */
  get unkTokenId(): number {
    return this.#idOfRole("unk");
  }
  /** Id of `[MASK]`. */
  get maskTokenId(): number {
    return this.#idOfRole("mask");
  }
  /** Id of the token named `bos_token`, usually `[CLS]`. */
  get bosTokenId(): number {
    return this.#idOfRole("bos");
  }
  /** Id of the token named `eos_token`, usually `[SEP]`. */
  get eosTokenId(): number {
    return this.#idOfRole("eos");
  }
  /** The text of the mask token; the other special tokens' texts are in `allSpecialTokens`. */
  get maskToken(): string {
    return this.settings.names.mask;
  }
  /** All special tokens' texts. */
  get allSpecialTokens(): string[] {
    return this.settings.special.map(contentOf);
  }
  /** The longest input that the model was made for, in tokens; Infinity where the files do not say. */
  get modelMaxLength(): number {
    return this.settings.modelMaxLength;
  }

  /**
   * Turns a text, or a text and a second one, into ids and all that belongs to them.
   * @throws TypeError for anything but texts, RangeError for options that cannot be met
   */
  encode(text: TextInput, pair?: TextInput, options: EncodeOptions = {}): Encoding {
    const [encoding] = this.#encodeAll([pair === undefined ? [text] : [text, pair]], options, this.padsEmpty);
    return encoding!;
  }

  /** Encodes many texts or pairs; `padding: true` pads all of them to the longest. */
  encodeBatch(texts: readonly TextOrPair[], options: EncodeOptions = {}): Encoding[] {
    if (texts.length === 0) throw new RangeError("encodeBatch: the batch is empty");
    const { isSplitIntoWords } = readOptions("encodeBatch", options, ENCODE_OPTIONS);
    const isPair = (text: TextOrPair): text is readonly [TextInput, TextInput] =>
      Array.isArray(text) && (isSplitIntoWords !== true || Array.isArray(text[0]));
    return this.#encodeAll(
      texts.map((text) => (isPair(text) ? text : [text])),
      options,
      true,
    );
  }

  /** The text of these ids. */
  decode(ids: readonly number[], given: DecodeOptions = {}): string {
    const options = readOptions("decode", given, DECODE_OPTIONS);
    const text = this.decodeIds(Array.from(ids), options.skipSpecialTokens ?? false);
    const cleanUp = options.cleanUpTokenizationSpaces ?? this.settings.cleanUp;
    return cleanUp ? CLEAN_UP.reduce((tidy, each) => tidy.replaceAll(each, each.trim()), text) : text;
  }

  /** Ids of tokens; what is no token has the unknown token's id. */
  convertTokensToIds(token: string): number;
  convertTokensToIds(tokens: readonly string[]): number[];
  convertTokensToIds(tokens: string | readonly string[]): number | number[] {
    return typeof tokens === "string" ? this.idOf(tokens) : tokens.map((token) => this.idOf(token));
  }

  /** Tokens of ids; the fast tokenizer has null for an id without a token. */
  convertIdsToTokens(id: number): string | null;
  convertIdsToTokens(
    ids: readonly number[],
    options?: { readonly skipSpecialTokens?: boolean | undefined },
  ): (string | null)[];
  convertIdsToTokens(
    ids: number | readonly number[],
    options: { readonly skipSpecialTokens?: boolean | undefined } = {},
  ): string | null | (string | null)[] {
    const { skipSpecialTokens = false } = readOptions("convertIdsToTokens", options, { skipSpecialTokens: "boolean" });
    if (typeof ids === "number") return this.tokenOf(ids);
    return ids.filter((id) => !skipSpecialTokens || !this.isSpecial(id)).map((id) => this.tokenOf(id));
  }

  /** `[CLS] A [SEP]`, or `[CLS] A [SEP] B [SEP]`. */
  buildInputsWithSpecialTokens(ids0: readonly number[], ids1?: readonly number[]): number[] {
    const { clsTokenId: cls, sepTokenId: sep } = this;
    return ids1 ? [cls, ...ids0, sep, ...ids1, sep] : [cls, ...ids0, sep];
  }

  /**
   * 1 for each special token of what `buildInputsWithSpecialTokens` would give; with `alreadyHasSpecialTokens` for each
   * special id in `ids0`.
   */
  getSpecialTokensMask(
    ids0: readonly number[],
    ids1?: readonly number[],
    alreadyHasSpecialTokens: boolean = false,
  ): number[] {
    if (alreadyHasSpecialTokens) {
      if (ids1)
        throw new RangeError("getSpecialTokensMask: ids that have their special tokens already come as one list");
      return ids0.map((id) => (this.isSpecial(id) ? 1 : 0));
    }
    const first = [1, ...ids0.map(() => 0), 1];
    return ids1 ? [...first, ...ids1.map(() => 0), 1] : first;
  }

  /** 0 through the first `[SEP]`, 1 after it. */
  createTokenTypeIdsFromSequences(ids0: readonly number[], ids1?: readonly number[]): number[] {
    const first = [0, ...ids0.map(() => 0), 0];
    return ids1 ? [...first, ...ids1.map(() => 1), 1] : first;
  }

  /**
   * The vocabulary's file as it was read; a promise where a tokenizer.json from a server made it needless to read it before.
   * @throws RangeError when the source has none
   */
  saveVocabulary(): VocabularyFile | Promise<VocabularyFile> {
    const file = this.#vocabulary;
    return typeof file === "function" ? file().then(vocabularyFile) : vocabularyFile(file);
  }

  protected isSpecial(id: number): boolean {
    return this.#specialIds().all.has(id);
  }

  #idOfRole(role: Role): number {
    return this.#specialIds().ids.get(role)!;
  }

  #specialIds(): { readonly ids: ReadonlyMap<Role, number>; readonly all: ReadonlySet<number> } {
    const { names } = this.settings;
    return (this.#special ??= {
      ids: new Map(ROLES.map((role) => [role, this.idOf(names[role])])),
      all: new Set(this.allSpecialTokens.map((token) => this.idOf(token))),
    });
  }

  #encodeAll(inputs: readonly (readonly TextInput[])[], options: EncodeOptions, padsEmpty: boolean): Encoding[] {
    const call = resolveCall(readOptions("encode", options, ENCODE_OPTIONS), this.settings);
    const encodings = inputs.map((texts) => {
      const sequences = texts.map((text) =>
        this.tokensOf(checkText(text, call.isSplitIntoWords), call.isSplitIntoWords),
      );
      return this.build(sequences, call.truncation, call);
    });
    if (call.padding && (padsEmpty || encodings.some(({ ids }) => ids.length > 0))) {
      pad(encodings, {
        ...call.padding,
        id: this.padTokenId,
        token: this.settings.names.pad,
        windows: this.padsWindows,
      });
    }
    return encodings;
  }
}

function checkText(text: TextInput, isSplitIntoWords: boolean): TextInput {
  if (isSplitIntoWords) {
    if (!Array.isArray(text) || !text.every((word) => typeof word === "string"))
      throw new TypeError("with isSplitIntoWords a text is a list of words");
  } else if (typeof text !== "string")
    throw new TypeError(
      "a text must be a string; for a list of words set isSplitIntoWords; options are the last argument",
    );
  return text;
}

function vocabularyFile(bytes: Uint8Array | undefined): VocabularyFile {
  if (!bytes) throw new RangeError("saveVocabulary: this tokenizer was made without spm.model");
  return { name: "spm.model", bytes: bytes.slice() };
}
