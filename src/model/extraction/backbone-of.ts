// The backbone's config and the tokenizer's folder of any source that can be loaded: a folder of Transformers', or one of the libraries
// for extraction, whose own may lie in a second repository.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { readOptionalJson } from "../../checkpoint/read-whole.js";
import { SOURCE_OPTIONS, type Source } from "../../checkpoint/source.js";
import { isObject } from "../../json.js";
import { pick } from "../../options.js";
import { DebertaV2Config } from "../deberta/config.js";
import type { Checkpoint } from "../load/named-tensors.js";
import type { LoadOptions } from "../load/options.js";
import { backboneConfig } from "./backbone.js";
import type { BaseFolders } from "./base-model.js";
import { Fields } from "./fields.js";
import { GLINER_CONFIG } from "./gliner-config.js";
import { baseModelOf, isNvidiaConfig } from "./nvidia-config.js";

export interface Backbone {
  /** Where tokenizer files are. */
  readonly tokenizer: ModelFolder;
  /** The config, once the checkpoint's word table is known. */
  config(checkpoint: Checkpoint): DebertaV2Config;
}

/** @throws UnsupportedError and CheckpointError as loading does */
export async function backboneOf(source: Source, folder: ModelFolder, options: LoadOptions): Promise<Backbone> {
  const base = await libraryBase(source, folder, options);
  if (base) return { tokenizer: base.tokenizer, config: (checkpoint) => backboneConfig(base.backbone, checkpoint) };
  const config = await DebertaV2Config.fromPretrained(folder, pick(options, SOURCE_OPTIONS));
  return { tokenizer: folder, config: () => config };
}

async function libraryBase(
  source: Source,
  folder: ModelFolder,
  options: LoadOptions,
): Promise<BaseFolders | undefined> {
  if (await folder.open(GLINER_CONFIG)) return (await (await import("./gliner.js")).openGliner(source, options)).base;
  const config = await readOptionalJson(folder, "config.json", options.signal);
  if (!isObject(config)) return undefined;
  const { model_type: type } = config;
  if (type === "extractor") return (await (await import("./gliner2.js")).openGliner2(source, options)).base;
  if (type === "GLiClass") return (await (await import("./gliclass.js")).openGliclass(source, options)).base;
  const fields = new Fields("config.json", config);
  if (!isNvidiaConfig(fields)) return undefined;
  const { baseFolders } = await import("./base-model.js");
  return baseFolders(source, folder, { file: "config.json", modelName: baseModelOf(fields) }, options);
}
