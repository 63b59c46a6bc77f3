// What a folder of sentence-transformers says of the texts that its model reads, be it one of vectors or a cross-encoder.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { Fields } from "../../model/extraction/fields.js";

const SETTINGS = "config_sentence_transformers.json";

/** How texts are read. */
export interface SentenceSettings {
  /** Tokens of a text, special ones included. */
  readonly maxLength: number | undefined;
  readonly doLowerCase: boolean;
  readonly prompts: Readonly<Record<string, string>>;
  readonly defaultPrompt: string | undefined;
}

/** What a folder's cross-encoder has beside config.json. */
export interface CrossEncoderSettings extends SentenceSettings {
  /** Path in torch of the function from outputs to scores, in the file that says so. */
  readonly activation: { readonly path: string; readonly file: string } | undefined;
}

/** @throws CheckpointError for values of a wrong kind */
export async function readSentenceSettings(folder: ModelFolder, signal?: AbortSignal): Promise<SentenceSettings> {
  return settingsOf(folder, await Fields.read(folder, SETTINGS, signal), signal);
}

/** The settings of a cross-encoder as sentence-transformers 5.7 saves it; undefined for one that has config.json alone. */
export async function readCrossEncoder(
  folder: ModelFolder,
  signal?: AbortSignal,
): Promise<CrossEncoderSettings | undefined> {
  const settings = await Fields.read(folder, SETTINGS, signal);
  if (settings?.value("model_type") !== "CrossEncoder") return undefined;
  const path = settings.text("activation_fn", "");
  return {
    ...(await settingsOf(folder, settings, signal)),
    activation: path === "" ? undefined : { path, file: SETTINGS },
  };
}

async function settingsOf(
  folder: ModelFolder,
  settings: Fields | undefined,
  signal: AbortSignal | undefined,
): Promise<SentenceSettings> {
  const sizes = await Fields.read(folder, "sentence_bert_config.json", signal);
  const prompts = settings?.inside("prompts");
  const texts = Object.keys(prompts?.json ?? {}).map((each) => [each, prompts!.text(each, "")] as const);
  const name = settings?.text("default_prompt_name", "") ?? "";
  return {
    maxLength: sizes?.value("max_seq_length") === undefined ? undefined : sizes.integer("max_seq_length", 0, 1),
    doLowerCase: sizes?.flag("do_lower_case", false) ?? false,
    prompts: Object.fromEntries(texts),
    defaultPrompt: name === "" ? undefined : name,
  };
}
