// Which library a folder for entity extraction is of: gliner_config.json marks GLiNER, a config.json that says "extractor" GLiNER2.
import { openFolder } from "../../checkpoint/folder.js";
import type { Source } from "../../checkpoint/source.js";
import { Fields } from "../../model/extraction/fields.js";
import type { GLiNERModel } from "../../model/extraction/gliner.js";
import { GLINER_CONFIG } from "../../model/extraction/gliner-config.js";
import type { GLiNER2Model } from "../../model/extraction/gliner2.js";
import { LSTM_OPTIONS, type LstmOptions } from "../../model/extraction/lstm-layer.js";
import { lazily } from "../../lazy.js";
import { readOptions } from "../../options.js";
import { TOKENIZER_OPTIONS, type TokenizerOptions } from "../../tokenizer/settings.js";
import type { DebertaV2TokenizerFast } from "../../tokenizer/tokenizer-fast.js";
import { type LoadedParts, OF_LOADED } from "../loaded-parts.js";
import type { Task } from "../task.js";
import { ENTITY_EXTRACTION_OPTIONS, type EntityExtractionOptions, type EntityExtractor } from "./entity-extraction.js";

/** `pipeline("entity-extraction")`. */
export async function entityExtractor(
  source: Source,
  given: LstmOptions & TokenizerOptions & EntityExtractionOptions,
): Promise<EntityExtractor & Task<GLiNERModel | GLiNER2Model, DebertaV2TokenizerFast>> {
  const options = readOptions("entity-extraction", given, {
    ...LSTM_OPTIONS,
    ...TOKENIZER_OPTIONS,
    ...ENTITY_EXTRACTION_OPTIONS,
  });
  const folder = await openFolder(source, options);
  const isGliner = (await folder.open(GLINER_CONFIG)) !== undefined;
  const config = isGliner ? undefined : await Fields.read(folder, "config.json", options.signal);
  if (config?.value("model_type") === "extractor")
    return (await lazily(() => import("./load-gliner2.js"))).gliner2EntityExtractor(source, options);
  return (await lazily(() => import("./load-gliner.js"))).glinerEntityExtractor(source, options);
}

/** `pipeline("entity-extraction")` over a loaded GLiNER or GLiNER2. */
export async function entityExtractorOf(
  from: LoadedParts,
  given: EntityExtractionOptions,
): Promise<EntityExtractor & Task<GLiNERModel | GLiNER2Model, DebertaV2TokenizerFast>> {
  const { signal, ...defaults } = readOptions(OF_LOADED, given, ENTITY_EXTRACTION_OPTIONS);
  const second = await lazily(() => import("./load-gliner2.js"));
  signal?.throwIfAborted();
  if (second.isGliner2(from.model)) return second.gliner2EntitiesOf(from, defaults);
  return (await lazily(() => import("./load-gliner.js"))).glinerEntitiesOf(from, defaults);
}
