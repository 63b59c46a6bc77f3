// Where the tokenizer and the backbone's config of a checkpoint come from that has none: the repository that it names. A hub id
// leads to that repository on the hub; any other source needs the option `baseModel`.
import { type ModelFolder, openFolder } from "../../checkpoint/folder.js";
import { readJson, readOptionalJson } from "../../checkpoint/read-whole.js";
import type { Source, SourceOptions } from "../../checkpoint/source.js";
import { CheckpointError } from "../../errors.js";
import type { LoadOptions } from "../load/options.js";
import { refuseAdapters } from "./fields.js";

/** The sizes of the published backbones, for folders that have a tokenizer but no backbone config. */
const PUBLISHED: Readonly<Record<string, readonly [layers: number, hidden: number, heads: number, inner: number]>> = {
  "microsoft/deberta-v3-xsmall": [12, 384, 6, 1536],
  "microsoft/deberta-v3-small": [6, 768, 12, 3072],
  "microsoft/deberta-v3-base": [12, 768, 12, 3072],
  "microsoft/deberta-v3-large": [24, 1024, 16, 4096],
  "microsoft/mdeberta-v3-base": [12, 768, 12, 3072],
};

function publishedConfig(name: string): Record<string, unknown> | undefined {
  const sizes = Object.hasOwn(PUBLISHED, name) ? PUBLISHED[name] : undefined;
  if (!sizes) return undefined;
  const [layers, hidden, heads, inner] = sizes;
  return {
    model_type: "deberta-v2",
    num_hidden_layers: layers,
    hidden_size: hidden,
    num_attention_heads: heads,
    intermediate_size: inner,
    hidden_act: "gelu",
    max_position_embeddings: 512,
    relative_attention: true,
    position_buckets: 256,
    max_relative_positions: -1,
    norm_rel_ebd: "layer_norm",
    share_att_key: true,
    pos_att_type: "p2c|c2p",
    layer_norm_eps: 1e-7,
    position_biased_input: false,
    type_vocab_size: 0,
  };
}

/** A model's own folder and the one it leans on. */
export interface BaseFolders {
  /** Where tokenizer files are. */
  readonly tokenizer: ModelFolder;
  /** The backbone's config.json, parsed. */
  readonly backbone: Record<string, unknown>;
}

/** What a library's config says of the model that it stands on. */
interface NamesBase {
  /** The hub id whose tokenizer and config.json belong to weights that come without. */
  readonly modelName: string;
  /** The backbone's config, or the file that may hold it. */
  readonly encoderConfig?: Readonly<Record<string, unknown>> | undefined;
  readonly encoderFile?: string;
}

/** An opened folder of a library with its configs, before weights are looked for. */
export interface Opened<Config> {
  readonly folder: ModelFolder;
  readonly config: Config;
  readonly base: BaseFolders;
}

/**
 * Reads a library's config and the backbone's.
 * @param read checks the parsed `file`
 * @throws UnsupportedError and CheckpointError
 */
export async function openWithBase<Config extends NamesBase>(
  source: Source,
  options: LoadOptions,
  file: string,
  read: (json: unknown) => Config,
): Promise<Opened<Config>> {
  const folder = await openFolder(source, options);
  const config = read(await readJson(folder, file, options.signal));
  await refuseAdapters(folder);
  const { modelName, encoderFile } = config;
  const encoderConfig =
    config.encoderConfig ?? (encoderFile && (await readOptionalJson(folder, encoderFile, options.signal)));
  return { folder, config, base: await baseFolders(source, folder, { file, modelName, encoderConfig }, options) };
}

/** Options that say where in its own repository a model lies. */
const OF_MODEL: ReadonlySet<string> = new Set(["revision", "subfolder", "weights", "integrity"]);

/** From the hub to the hub: a file that names another place gets no request, and no token, there. */
const isHubId = (source: Source): source is string =>
  typeof source === "string" && /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(source);

/**
 * @param file the file that names `modelName`, for messages
 * @param encoderConfig the backbone's config where the folder has it
 * @throws CheckpointError where tokenizer or config are not to be had
 */
export async function baseFolders(
  source: Source,
  folder: ModelFolder,
  { file, modelName, encoderConfig }: { file: string; modelName: string; encoderConfig?: unknown },
  options: LoadOptions,
): Promise<BaseFolders> {
  const ownTokenizer = (await folder.open("tokenizer_config.json")) !== undefined;
  const named = options.baseModel ?? (isHubId(source) && isHubId(modelName) ? modelName : undefined);
  const inFolder = encoderConfig ?? (ownTokenizer && named === undefined ? publishedConfig(modelName) : undefined);
  if (inFolder !== undefined && ownTokenizer)
    return { tokenizer: folder, backbone: inFolder as Record<string, unknown> };
  if (named === undefined)
    throw new CheckpointError(`${file} names ${modelName} for its tokenizer and configuration: pass baseModel`);
  const forBase: SourceOptions = Object.fromEntries(Object.entries(options).filter(([name]) => !OF_MODEL.has(name)));
  const base = await openFolder(named, forBase);
  const config = inFolder ?? (await readOptionalJson(base, "config.json", options.signal));
  if (config === undefined) throw new CheckpointError(`config.json: not found in ${base.location}`);
  return { tokenizer: ownTokenizer ? folder : base, backbone: config as Record<string, unknown> };
}
