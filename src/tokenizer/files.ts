// The files that make a tokenizer: which ones are read, and how large they may be.
import { openFolder } from "../checkpoint/folder.js";
import { readOptionalJson, readWhole } from "../checkpoint/read-whole.js";
import type { Source, SourceOptions } from "../checkpoint/source.js";
import { CheckpointError } from "../errors.js";
import { lazily } from "../lazy.js";
import { fieldOf, isObject, type JsonObject } from "../json.js";
import { parsePieceModel, type PieceModel } from "./pieces/piece-model.js";
import {
  ADDED,
  CONFIG,
  isLegacy,
  resolveSettings,
  SPECIAL_MAP,
  type Settings,
  type TokenizerOptions,
} from "./settings.js";

const SPM = "spm.model";
const TOKENIZER_JSON = "tokenizer.json";
/** The largest published spm.model has 4.3 MB (250 000 pieces). */
const MAX_SPM_BYTES = 64 << 20;

/** A folder, as far as tokenizers read it. Files that are not there are undefined. */
export interface TokenizerFolder {
  /** Whether bytes cost time. */
  readonly isRemote: boolean;
  /** The bytes of spm.model. */
  readonly spm: () => Promise<Uint8Array | undefined>;
  /** A JSON file that holds an object. */
  readonly json: (name: string) => Promise<JsonObject | undefined>;
  /** Told why it failed: see ModelFolder. */
  readonly refuse: (reason: unknown) => void;
  /** The error for a file that must be there and is not. */
  readonly missing: (name: string) => CheckpointError;
}

export async function openTokenizerFolder(source: Source, options: SourceOptions): Promise<TokenizerFolder> {
  const folder = await openFolder(source, options);
  // The vocabulary alone is large enough to be waited for.
  const follow = (file: string) => (loaded: number, total: number) =>
    folder.progress.tell({ file, loaded, total, phase: "vocabulary" });
  const refuse = (reason: unknown): never => {
    folder.refuse(reason);
    throw reason;
  };
  const spm = async (): Promise<Uint8Array | undefined> => {
    const file = await folder.open(SPM);
    return file && readWhole(file, MAX_SPM_BYTES, options.signal, follow(SPM));
  };
  const json = async (name: string): Promise<JsonObject | undefined> => {
    const onProgress = name === TOKENIZER_JSON ? follow(name) : undefined;
    const value = await readOptionalJson(folder, name, options.signal, onProgress);
    if (value !== undefined && !isObject(value)) throw new CheckpointError(`${name}: is not a JSON object`);
    return value;
  };
  return {
    isRemote: folder.isRemote,
    missing: (name) => folder.missing(name),
    refuse: (reason) => folder.refuse(reason),
    spm: () => spm().catch(refuse),
    json: (name) => json(name).catch(refuse),
  };
}

/** spm.model as bytes and as what they say. Throws CheckpointError when it is missing or damaged. */
export async function readPieceModel(
  folder: TokenizerFolder,
  known?: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly model: PieceModel }> {
  const bytes = known ?? (await folder.spm());
  if (!bytes) throw folder.missing(SPM);
  try {
    return { bytes, model: parsePieceModel(bytes, SPM) };
  } catch (error) {
    folder.refuse(error);
    throw error;
  }
}

/** tokenizer.json, if the folder has one. */
export const readTokenizerJson = (folder: TokenizerFolder): Promise<JsonObject | undefined> =>
  folder.json(TOKENIZER_JSON);

/**
 * Whether spm.model and the small files say all that a tokenizer.json beside them would: it has three to four times the bytes.
 * They do where the added tokens are listed elsewhere, and nothing is asked for that a tokenizer.json overrules. Transformers 5
 * writes another pipeline than spm.model's, and says "backend".
 */
export async function modelSaysAll(folder: TokenizerFolder, options: TokenizerOptions): Promise<boolean> {
  const config = await folder.json(CONFIG);
  const isOverruled = ["do_lower_case", "split_by_punct"].some((field) => config && fieldOf(config, field));
  if (isOverruled || options.doLowerCase || options.splitByPunct || (config && Object.hasOwn(config, "backend")))
    return false;
  return !isLegacy(config) || (await folder.json(ADDED)) !== undefined;
}

/**
 * What the small files say. A tokenizer.json is looked into where tokenizer_config.json does not list added tokens; `json`
 * is that file when it has been read already, "unread" where it shall not be.
 */
export async function readSettings(
  folder: TokenizerFolder,
  options: TokenizerOptions,
  given?: JsonObject | "unread",
): Promise<Settings> {
  const json = given === "unread" ? undefined : given;
  const config = await folder.json(CONFIG);
  const legacy = isLegacy(config);
  const [specialMap, addedTokens, tokenizerJson] = await Promise.all([
    legacy ? folder.json(SPECIAL_MAP) : undefined,
    legacy ? folder.json(ADDED) : undefined,
    json ?? (legacy && given !== "unread" ? readTokenizerJson(folder) : undefined),
  ]);
  const reader = tokenizerJson && (await lazily(() => import("./tokenizer-json.js")));
  return resolveSettings(
    {
      config,
      specialMap,
      addedTokens,
      tokenizerJsonTokens: legacy ? reader?.readAddedTokens(tokenizerJson!) : undefined,
      sides: json && reader ? reader.readSides(json) : { padding: "right", truncation: "right" },
    },
    options,
  );
}
