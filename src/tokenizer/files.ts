// The files that make a tokenizer: which ones are read, and how large they may be.
import { CheckpointError } from "../errors.js";
import { readOptionalJson, readWhole, type openFolder } from "../checkpoint/folder.js";
import { isObject, type JsonObject } from "./json.js";
import { parsePieceModel, type PieceModel } from "./piece-model.js";
import {
  ADDED,
  CONFIG,
  isLegacy,
  resolveSettings,
  SPECIAL_MAP,
  type Settings,
  type TokenizerOptions,
} from "./settings.js";
import { readAddedTokens, readSides } from "./tokenizer-json.js";

export type ModelFolder = Awaited<ReturnType<typeof openFolder>>;

export const SPM = "spm.model";
export const TOKENIZER_JSON = "tokenizer.json";
/** The largest published one has 4.3 MB (250 000 pieces). */
const MAX_SPM_BYTES = 64 << 20;

/** spm.model as bytes and as what they say. Throws CheckpointError when it is missing or damaged. */
export async function readPieceModel(
  folder: ModelFolder,
  signal: AbortSignal | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly model: PieceModel }> {
  const bytes = await readSpm(folder, signal);
  if (!bytes) throw new CheckpointError(`${SPM}: not found in ${folder.location}`);
  return { bytes, model: parsePieceModel(bytes, SPM) };
}

/** The bytes of spm.model, if the folder has one. */
export async function readSpm(folder: ModelFolder, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  const file = await folder.open(SPM);
  return file && readWhole(file, MAX_SPM_BYTES, signal);
}

async function readObject(
  folder: ModelFolder,
  name: string,
  signal: AbortSignal | undefined,
): Promise<JsonObject | undefined> {
  const value = await readOptionalJson(folder, name, signal);
  if (value !== undefined && !isObject(value)) throw new CheckpointError(`${name}: is not a JSON object`);
  return value;
}

/** tokenizer.json, if the folder has one. */
export function readTokenizerJson(
  folder: ModelFolder,
  signal: AbortSignal | undefined,
): Promise<JsonObject | undefined> {
  return readObject(folder, TOKENIZER_JSON, signal);
}

/**
 * What the small files say. A tokenizer.json is looked into where tokenizer_config.json does not list added tokens; `json`
 * is that file when it has been read already.
 */
export async function readSettings(
  folder: ModelFolder,
  options: TokenizerOptions & { readonly signal?: AbortSignal },
  json?: JsonObject,
): Promise<Settings> {
  const { signal } = options;
  const sides = json ? readSides(json) : ({ padding: "right", truncation: "right" } as const);
  const config = await readObject(folder, CONFIG, signal);
  if (!isLegacy(config)) {
    const nothing = { specialMap: undefined, addedTokens: undefined, tokenizerJsonTokens: undefined };
    return resolveSettings({ config, ...nothing, sides }, options);
  }
  const [specialMap, addedTokens, tokenizerJson] = await Promise.all([
    readObject(folder, SPECIAL_MAP, signal),
    readObject(folder, ADDED, signal),
    json ?? readTokenizerJson(folder, signal),
  ]);
  const tokenizerJsonTokens = tokenizerJson && readAddedTokens(tokenizerJson);
  return resolveSettings({ config, specialMap, addedTokens, tokenizerJsonTokens, sides }, options);
}
