// DebertaV2TokenizerFast: the fast tokenizer of Transformers 4.57, from spm.model as Transformers converts it, or from
// tokenizer.json where there is no spm.model or the result may be another.
import { SOURCE_OPTIONS, type Source, type SourceOptions } from "../checkpoint/source.js";
import { CheckpointError } from "../errors.js";
import {
  addAllTokens,
  addedToken,
  numberTokens,
  slowSpecialTokens,
  withSpecialTokens,
  type AddedToken,
  type AddedVocabulary,
} from "./text/added-tokens.js";
import { BaseTokenizer, type TextInput, type VocabularyBytes } from "./base-tokenizer.js";
import type { Call, CallTruncation } from "./call.js";
import {
  assemble,
  createTemplate,
  specialCount,
  type EncodeOptions,
  type Encoding,
  type Template,
} from "./encoding.js";
import {
  createFastEncoder,
  createPipeline,
  type FastEncoder,
  type Pipeline,
  type Rewrite,
} from "./text/fast-pipeline.js";
import {
  modelSaysAll,
  openTokenizerFolder,
  readPieceModel,
  readSettings,
  readTokenizerJson,
  type TokenizerFolder,
} from "./files.js";
import { lowerCase } from "./text/aligned-text.js";
import type { JsonObject } from "../json.js";
import { lazily } from "../lazy.js";
import { type OptionTable, readOptions } from "../options.js";
import type { PieceModel } from "./pieces/piece-model.js";
import { CONTROL, USER_DEFINED } from "./pieces/piece-types.js";
import { type Settings, TOKENIZER_OPTIONS, type TokenizerOptions } from "./settings.js";
import { noTokens, type Tokens } from "./tokens.js";
import { truncateFast } from "./truncation.js";
import type { Vocabulary } from "./pieces/vocabulary.js";

/** Options of `DebertaV2TokenizerFast.fromPretrained`. */
export type FastTokenizerOptions = TokenizerOptions & SourceOptions;

export const FAST_TOKENIZER_OPTIONS: OptionTable<FastTokenizerOptions> = { ...SOURCE_OPTIONS, ...TOKENIZER_OPTIONS };

/** All that a tokenizer is made of. */
interface Parts {
  readonly pipeline: Pipeline;
  readonly added: AddedVocabulary;
  readonly template: Template;
  readonly settings: Settings;
  /** The bytes of spm.model, if the source has one; read when they are asked for where they are not needed otherwise. */
  readonly file: VocabularyBytes;
}

/**
 * The fast tokenizer of Transformers, with offsets of every token: what tasks use.
 *
 * ```ts
 * const tokenizer = await DebertaV2TokenizerFast.fromPretrained("/models/tiny-intent/");
 * const { ids, offsets } = tokenizer.encode("wake me up");
 * ```
 */
export class DebertaV2TokenizerFast extends BaseTokenizer {
  readonly vocabSize: number;
  protected readonly padsWindows = true;
  protected readonly padsEmpty = true;
  readonly #parts: Parts;
  readonly #encode: FastEncoder;

  private constructor(parts: Parts) {
    super(parts.settings, parts.file);
    this.#parts = parts;
    this.vocabSize = parts.pipeline.vocabulary.size;
    const { searched, special } = parts.added;
    const cutOut = parts.settings.splitSpecialTokens
      ? searched.filter(({ content }) => !special.has(content))
      : searched;
    this.#encode = createFastEncoder(parts.pipeline, { ...parts.added, searched: cutOut });
  }

  /**
   * Loads spm.model or tokenizer.json, never both, and the small JSON files beside it.
   * `doLowerCase` and `splitByPunct` count only without a tokenizer.json.
   * @throws CheckpointError for missing or damaged files, UnsupportedError for other kinds of models
   */
  static async fromPretrained(source: Source, given: FastTokenizerOptions = {}): Promise<DebertaV2TokenizerFast> {
    const options = readOptions("DebertaV2TokenizerFast.fromPretrained", given, FAST_TOKENIZER_OPTIONS);
    const folder = await openTokenizerFolder(source, options);
    const spm = (await modelSaysAll(folder, options)) ? await folder.spm() : undefined;
    const json = spm ? undefined : await readTokenizerJson(folder);
    return new DebertaV2TokenizerFast(
      await (json ? partsOfJson(folder, json, options) : partsOfModel(folder, options, spm)),
    );
  }

  /** This tokenizer with more special tokens, as Python's `add_tokens(…, special_tokens=True)`. Tokens that it has stay as they are. */
  withSpecialTokens(tokens: readonly string[]): DebertaV2TokenizerFast {
    const { pipeline, added, ...rest } = this.#parts;
    return new DebertaV2TokenizerFast({
      ...rest,
      pipeline,
      added: withSpecialTokens(pipeline.vocabulary, added, tokens),
    });
  }

  /** This tokenizer with lower case in front of what it does to texts between added tokens. */
  lowerCased(): DebertaV2TokenizerFast {
    const { pipeline, ...rest } = this.#parts;
    return new DebertaV2TokenizerFast({ ...rest, pipeline: { ...pipeline, steps: [lowerCase, ...pipeline.steps] } });
  }

  /** Number of pieces and added tokens: Python's `len(tokenizer)`. */
  get length(): number {
    const { pipeline, added } = this.#parts;
    const { size } = pipeline.vocabulary;
    return size + [...added.tokens.keys()].filter((id) => id >= size).length;
  }

  /** As of a text without a second one when `pair` is empty, as Transformers has it. */
  override encode(text: TextInput, pair?: TextInput, options: EncodeOptions = {}): Encoding {
    return super.encode(text, pair?.length === 0 ? undefined : pair, options);
  }

  tokenize(text: string): string[] {
    const output = noTokens(true);
    this.#encode(text, output, undefined, true);
    return output.tokens;
  }

  convertTokensToString(tokens: readonly string[]): string {
    return tokens.map((token, i) => token.replaceAll("\u2581", i === 0 ? "" : " ")).join("");
  }

  protected idOf(token: string): number {
    const id = this.#find(token);
    if (id >= 0) return id;
    const unknown = this.#find(this.settings.names.unk);
    return unknown >= 0 ? unknown : this.#parts.pipeline.unkId;
  }

  protected tokenOf(id: number): string | null {
    return tokenOf(this.#parts, id) ?? null;
  }

  protected tokensOf(text: TextInput): Tokens {
    const output = noTokens(true);
    if (typeof text === "string") this.#encode(text, output);
    else text.forEach((word, index) => this.#encode(word, output, index));
    return output;
  }

  protected build(sequences: readonly Tokens[], truncation: CallTruncation | undefined, call: Call): Encoding {
    const { template } = this.#parts;
    const items = sequences.length === 2 ? template.pair : template.single;
    const { addSpecialTokens, returnOverflowingTokens } = call;
    let windows: readonly (readonly Tokens[])[] = [sequences];
    if (truncation) {
      const { maxLength, stride } = truncation;
      const room = maxLength - specialCount(template.single);
      if (room >= 0 && room < stride)
        throw new RangeError(
          `stride ${stride} is more than the ${room} tokens that maxLength ${maxLength} leaves for a text`,
        );
      const budget = maxLength - (addSpecialTokens ? specialCount(items) : 0);
      if (budget < 0)
        throw new RangeError(`maxLength ${maxLength} has no room for ${specialCount(items)} special tokens`);
      windows = truncateFast(sequences, { ...truncation, budget });
    }
    const [main, ...more] = windows.map((window) => assemble(items, window, addSpecialTokens));
    if (returnOverflowingTokens) main!.overflowing.push(...more);
    return main!;
  }

  protected decodeIds(ids: readonly number[], skipSpecialTokens: boolean): string {
    const { special } = this.#parts.added;
    const tokens = ids.map((id) => this.tokenOf(id)).filter((token) => token !== null);
    return this.convertTokensToString(tokens.filter((token) => !skipSpecialTokens || !special.has(token)));
  }

  #find(token: string): number {
    const { added, pipeline } = this.#parts;
    return added.ids.get(token) ?? pipeline.vocabulary.find(token);
  }
}

function tokenOf(
  { pipeline: { vocabulary }, added }: Pick<Parts, "pipeline" | "added">,
  id: number,
): string | undefined {
  const token = added.tokens.get(id)?.content;
  if (token !== undefined) return token;
  return Number.isInteger(id) && id >= 0 && id < vocabulary.size ? vocabulary.text(id) : undefined;
}

async function partsOfJson(folder: TokenizerFolder, json: JsonObject, options: FastTokenizerOptions): Promise<Parts> {
  const { readAddedTokens, readPipeline, readTemplate } = await lazily(() => import("./tokenizer-json.js"));
  const pipeline = createPipeline(readPipeline(json), "tokenizer.json");
  const [settings, file] = await Promise.all([
    readSettings(folder, options, json),
    folder.isRemote ? folder.spm : folder.spm(),
  ]);
  const { vocabulary } = pipeline;
  const added = addAllTokens(vocabulary, readAddedTokens(json), settings.added, settings.special);
  const size = vocabulary.size + [...added.tokens.keys()].filter((id) => id >= vocabulary.size).length;
  const template = readTemplate(json, size, (id) => tokenOf({ pipeline, added }, id)!);
  return { pipeline, added, template, settings, file };
}

/** The conversion of Transformers 4.57, `convert_slow_tokenizer.py`, `DebertaV2Converter`. */
async function partsOfModel(
  folder: TokenizerFolder,
  options: FastTokenizerOptions,
  spm: Uint8Array | undefined,
): Promise<Parts> {
  const [{ bytes, model }, settings] = await Promise.all([
    readPieceModel(folder, spm),
    readSettings(folder, options, "unread"),
  ]);
  const { pieces, scores, charsMap, trainerUnkId: unkId } = model;
  if (unkId >= scores.length)
    throw new CheckpointError(`spm.model: unk_id is ${unkId}, there are ${scores.length} pieces`);
  const rewrites: Rewrite[] = [{ kind: "strip", left: true, right: true }, { kind: "collapse spaces" }];
  if (settings.doLowerCase) rewrites.unshift({ kind: "lower case" });
  if (charsMap) rewrites.splice(-1, 0, { kind: "map", bytes: charsMap });
  const pipeline = createPipeline(
    { pieces, scores, unkId, rewrites, splitPunctuation: settings.splitByPunct },
    "spm.model",
  );
  const { vocabulary } = pipeline;
  const special = slowSpecialTokens(settings.special, settings.names.unk);
  const added = addAllTokens(vocabulary, ownTokens(model, vocabulary), settings.added, special);
  // The conversion asks the slow tokenizer for these two names, whatever the settings call them.
  const { ids: slowIds } = numberTokens(vocabulary, settings.added, settings.special);
  const slowId = (token: string): number => {
    const id = slowIds.get(token) ?? vocabulary.find(token);
    return id < 0 ? model.unkId : id;
  };
  const [cls, sep] = ["[CLS]", "[SEP]"].map((name) => {
    const id = slowId(name);
    return { id, token: tokenOf({ pipeline, added }, id) ?? name };
  });
  return { pipeline, added, template: createTemplate(cls!, sep!), settings, file: bytes };
}

/** Control pieces become special tokens, user-defined ones ordinary added tokens. */
function ownTokens({ types }: PieceModel, vocabulary: Vocabulary): AddedToken[] {
  return Array.from(types).flatMap((type, id) =>
    type === CONTROL || type === USER_DEFINED ? [addedToken(vocabulary.text(id), type === CONTROL, false)] : [],
  );
}
