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
import { readAddedTokens } from "./tokenizer-json.js";

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
  const file = await folder.open(SPM);
  if (!file) throw new CheckpointError(`${SPM}: not found in ${folder.location}`);
  const bytes = await readWhole(file, MAX_SPM_BYTES, signal);
  return { bytes, model: parsePieceModel(bytes, SPM) };
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

/** What the small files say. A tokenizer.json is looked into only where tokenizer_config.json does not list added tokens. */
export async function readSettings(
  folder: ModelFolder,
  options: TokenizerOptions & { readonly signal?: AbortSignal },
): Promise<Settings> {
  const { signal } = options;
  const config = await readObject(folder, CONFIG, signal);
  if (!isLegacy(config))
    return resolveSettings(
      { config, specialMap: undefined, addedTokens: undefined, tokenizerJsonTokens: undefined },
      options,
    );
  const [specialMap, addedTokens, tokenizerJson] = await Promise.all([
    readObject(folder, SPECIAL_MAP, signal),
    readObject(folder, ADDED, signal),
    readTokenizerJson(folder, signal),
  ]);
  const tokenizerJsonTokens = tokenizerJson && readAddedTokens(tokenizerJson);
  return resolveSettings({ config, specialMap, addedTokens, tokenizerJsonTokens }, options);
}
