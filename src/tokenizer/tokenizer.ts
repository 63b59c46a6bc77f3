// DebertaV2Tokenizer: the slow tokenizer of Transformers 4.57. Added tokens are cut out of the text, each part between
// them goes through sentencepiece on its own, and every token keeps its place in the caller's text.
import { SOURCE_OPTIONS, type Source, type SourceOptions } from "../checkpoint/source.js";
import { UnsupportedError } from "../errors.js";
import { lazily } from "../lazy.js";
import { type OptionTable, readOptions } from "../options.js";
import {
  contentOf,
  createMatcher,
  numberTokens,
  slowSpecialTokens,
  type AddedToken,
  type Matcher,
} from "./text/added-tokens.js";
import { BaseTokenizer, type TextInput, type VocabularyFile } from "./base-tokenizer.js";
import type { Call, CallTruncation } from "./call.js";
import { assemble, createTemplate, specialCount, type Encoding, type Template } from "./encoding.js";
import { openTokenizerFolder, readPieceModel, readSettings } from "./files.js";
import { createSentencePiece, type SentencePiece } from "./pieces/sentencepiece.js";
import { type Settings, TOKENIZER_OPTIONS, type TokenizerOptions } from "./settings.js";
import { lowerCase, PUNCTUATION_OR_NOT, splitParts, trimPython } from "./text/slow-text.js";
import { noTokens, type Tokens } from "./tokens.js";
import { truncateSlow } from "./truncation.js";

/** Options of `DebertaV2Tokenizer.fromPretrained`. */
export interface SlowTokenizerOptions extends TokenizerOptions, SourceOptions {
  /** What cuts texts into pieces; "sentencepiece-js" is fetched when asked for, and needs WebAssembly. */
  readonly engine?: "javascript" | "sentencepiece-js" | undefined;
}

const SLOW_TOKENIZER_OPTIONS: OptionTable<SlowTokenizerOptions> = {
  ...SOURCE_OPTIONS,
  ...TOKENIZER_OPTIONS,
  engine: ["javascript", "sentencepiece-js"],
};

/** The slow tokenizer of Transformers: sentencepiece itself, for models that were trained with it. */
export class DebertaV2Tokenizer extends BaseTokenizer {
  readonly vocabSize: number;
  protected readonly padsWindows = false;
  protected readonly padsEmpty = false;
  readonly #pieces: SentencePiece;
  readonly #added: ReadonlyMap<number, AddedToken>;
  readonly #addedIds: ReadonlyMap<string, number>;
  /** Pieces whose text is that of an added token with another id. */
  readonly #renamed: ReadonlySet<number>;
  readonly #splitAdded: Matcher<AddedToken>;
  readonly #keepCase: Matcher<undefined>;
  readonly #template: Template;

  private constructor(pieces: SentencePiece, settings: Settings, file: Uint8Array) {
    super(settings, file);
    this.#pieces = pieces;
    this.vocabSize = pieces.vocabulary.size;
    const { tokens, ids } = numberTokens(
      pieces.vocabulary,
      settings.added,
      slowSpecialTokens(settings.special, settings.names.unk),
    );
    this.#added = tokens;
    this.#addedIds = ids;
    this.#renamed = new Set(
      [...this.#addedIds].map(([text, id]) =>
        pieces.vocabulary.find(text) === id ? -1 : pieces.vocabulary.find(text),
      ),
    );
    this.#splitAdded = createMatcher(
      settings.splitSpecialTokens ? [] : [...this.#added.values()].map((token) => [token.content, token]),
    );
    const keptCase = [...this.#added.values()].filter(({ special, normalized }) => !special && normalized);
    this.#keepCase = createMatcher(
      [...this.allSpecialTokens, ...keptCase.map(contentOf)].map((content) => [content, undefined]),
      "first",
    );
    const { cls, sep } = settings.names;
    this.#template = createTemplate({ id: this.idOf(cls), token: cls }, { id: this.idOf(sep), token: sep });
  }

  /**
   * Loads spm.model and the small JSON files beside it.
   * @throws CheckpointError for missing or damaged files, UnsupportedError for other kinds of models
   */
  static async fromPretrained(source: Source, given: SlowTokenizerOptions = {}): Promise<DebertaV2Tokenizer> {
    const options = readOptions("DebertaV2Tokenizer.fromPretrained", given, SLOW_TOKENIZER_OPTIONS);
    const folder = await openTokenizerFolder(source, options);
    const [spm, settings] = await Promise.all([readPieceModel(folder), readSettings(folder, options)]);
    if (settings.pieceOption !== undefined)
      throw new UnsupportedError(`tokenizer_config.json: sp_model_kwargs ${settings.pieceOption} is not supported`);
    const pieces = createSentencePiece(spm.model, "spm.model");
    if (options.engine === "sentencepiece-js") {
      const { loadSentencePieceJs } = await lazily(() => import("./pieces/sentencepiece-js-engine.js"));
      pieces.engine = await loadSentencePieceJs(spm.bytes, pieces);
    }
    return new DebertaV2Tokenizer(pieces, settings, spm.bytes);
  }

  /** spm.model as it was read. */
  override saveVocabulary(): VocabularyFile {
    return super.saveVocabulary() as VocabularyFile; // read before this was made
  }

  tokenize(text: string): string[] {
    return this.tokensOf(text, false).tokens;
  }

  convertTokensToString(tokens: readonly string[]): string {
    const special = new Set(this.allSpecialTokens);
    let text = "";
    let run: string[] = [];
    let afterSpecial = false;
    for (const token of tokens) {
      if (special.has(token)) {
        text += `${afterSpecial ? "" : " "}${this.#pieces.decode(run)}${token}`;
        run = [];
        afterSpecial = true;
      } else {
        run.push(token);
        afterSpecial = false;
      }
    }
    return trimPython(text + this.#pieces.decode(run));
  }

  protected idOf(token: string): number {
    const id = this.#addedIds.get(token) ?? this.#pieces.vocabulary.find(token);
    return id < 0 ? this.#pieces.model.unkId : id;
  }

  protected tokenOf(id: number): string {
    const added = this.#added.get(id);
    if (added) return added.content;
    if (!Number.isInteger(id) || id < 0) throw new RangeError(`${id} is no token id`);
    return id < this.vocabSize ? this.#pieces.vocabulary.text(id) : this.settings.names.unk;
  }

  protected tokensOf(text: TextInput, isSplitIntoWords: boolean): Tokens {
    const output = noTokens(isSplitIntoWords);
    if (typeof text === "string") this.#tokenize(text, (unit) => unit, output);
    else {
      if (text.length === 0) throw new RangeError("a text without words");
      text.forEach((word, index) => {
        this.#tokenize(` ${word}`, (unit) => Math.max(0, unit - 1), output);
        while (output.words!.length < output.ids.length) output.words!.push(index);
      });
    }
    return output;
  }

  protected build(sequences: readonly Tokens[], truncation: CallTruncation | undefined, call: Call): Encoding {
    const { addSpecialTokens, returnOverflowingTokens } = call;
    const items = sequences.length === 2 ? this.#template.pair : this.#template.single;
    if (returnOverflowingTokens && !call.hasLength) throw new RangeError("returnOverflowingTokens needs maxLength");
    if (returnOverflowingTokens && truncation?.strategy === "longest_first" && sequences.length === 2)
      throw new RangeError('returnOverflowingTokens with a pair needs truncation "only_first" or "only_second"');
    const extra = addSpecialTokens ? specialCount(items) : 0;
    const cut =
      truncation && truncation.maxLength > 0
        ? truncateSlow(sequences, { ...truncation, budget: truncation.maxLength - extra })
        : { sequences, overflow: noTokens(call.isSplitIntoWords) };
    const encoding = assemble(items, cut.sequences, addSpecialTokens);
    if (!addSpecialTokens) encoding.typeIds.fill(0);
    if (returnOverflowingTokens)
      encoding.overflowing.push(assemble([{ sequence: 0, typeId: 0 }], [cut.overflow], false));
    return encoding;
  }

  protected decodeIds(ids: readonly number[], skipSpecialTokens: boolean): string {
    const special = new Set(this.allSpecialTokens);
    const alone = new Set([...this.#addedIds.keys()].filter((token) => !special.has(token)));
    for (const token of this.settings.additionalSpecial) if (this.idOf(token) >= this.vocabSize) alone.add(token);
    const parts: string[] = [];
    let run: string[] = [];
    const flush = (): void => {
      const text = this.convertTokensToString(run);
      if (text !== "") parts.push(text);
      run = [];
    };
    for (const id of ids) {
      if (skipSpecialTokens && this.isSpecial(id)) continue;
      const token = this.tokenOf(id);
      if (skipSpecialTokens && special.has(token)) continue;
      if (alone.has(token)) {
        flush();
        parts.push(token);
      } else run.push(token);
    }
    if (run.length > 0) parts.push(this.convertTokensToString(run)); // the last one even if it is empty
    return parts.join(" ");
  }

  /** Appends a text's tokens; `place` turns a UTF-16 unit of `text` into one of the caller's text. */
  #tokenize(text: string, place: (unit: number) => number, output: Tokens): void {
    const { doLowerCase } = this.settings;
    let units = place;
    if (doLowerCase) {
      const lowered = lowerCase(text, this.#keepCase(text));
      const { positions } = lowered;
      text = lowered.text;
      if (positions) units = (unit) => place(positions[unit]!);
    }
    for (const part of splitParts(text, this.#splitAdded(text), (content) => this.#addedToken(content))) {
      const id = this.#addedIds.get(part.text);
      if (id === undefined) {
        // Once more: a token that was spared above may have been glued to its neighbour.
        const words = doLowerCase ? part.text.toLowerCase() : part.text;
        this.#cutPieces(words, (unit) => units(part.place(unit)), output);
      } else {
        output.ids.push(id);
        output.tokens.push(part.text);
        output.offsets.push([units(part.place(0)), units(part.place(part.text.length))]);
      }
    }
  }

  /** The token whose id this text has, if it is that of an added token. */
  #addedToken(content: string): AddedToken | undefined {
    const id = this.#addedIds.get(content);
    return id === undefined ? undefined : this.#added.get(id);
  }

  #cutPieces(text: string, place: (unit: number) => number, output: Tokens): void {
    const first = output.ids.length;
    if (!this.settings.splitByPunct) this.#pieces.encode(text, place, output);
    else {
      for (const { index, 0: part } of text.matchAll(PUNCTUATION_OR_NOT))
        this.#pieces.encode(part, (unit) => place(index + unit), output);
    }
    // A piece or an unknown run that spells an added token or a control piece has that one's id.
    const { unkId } = this.#pieces.model;
    for (let i = first; i < output.ids.length; i++) {
      const id = output.ids[i]!;
      if (id === unkId || this.#renamed.has(id)) output.ids[i] = this.idOf(output.tokens[i]!);
    }
  }
}
