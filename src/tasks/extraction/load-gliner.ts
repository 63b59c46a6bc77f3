// Loads a GLiNER with its tokenizer: both from its folder, or the tokenizer from the repository that it names.
import type { Source } from "../../checkpoint/source.js";
import { CheckpointError } from "../../errors.js";
import type { Opened } from "../../model/extraction/base-model.js";
import { GLiNERModel, openGliner } from "../../model/extraction/gliner.js";
import type { GlinerConfig } from "../../model/extraction/gliner-config.js";
import type { LstmOptions } from "../../model/extraction/lstm-layer.js";
import { pick } from "../../options.js";
import { DebertaV2TokenizerFast, FAST_TOKENIZER_OPTIONS } from "../../tokenizer/tokenizer-fast.js";
import { type LoadedParts, shareLoaded } from "../loaded-parts.js";
import { type Loaded, loadTogether, type Task } from "../task.js";
import {
  ENTITY_EXTRACTION_OPTIONS,
  type EntityExtractionOptions,
  type EntityExtractor,
  entityExtraction,
} from "./entity-extraction.js";

export async function loadGliner(
  source: Source,
  options: LstmOptions,
  signal: AbortSignal | undefined,
): Promise<Loaded<GLiNERModel, DebertaV2TokenizerFast>> {
  const opened = await openGliner(source, options);
  const tokenizer = glinerTokenizer(opened, options);
  tokenizer.catch(() => undefined); // awaited below, with the model
  return loadTogether(
    async (either) => {
      // The marker's id decides what the model looks for; the tokenizer is small and is there before the weights are.
      const markerId = opened.config.classTokenIndex ?? (await tokenizer).length - 2;
      return GLiNERModel.load(opened, { ...options, signal: either }, markerId);
    },
    () => tokenizer,
    signal,
  );
}

/** `pipeline("entity-extraction")` of a folder with gliner_config.json. */
export async function glinerEntityExtractor(
  source: Source,
  options: LstmOptions & EntityExtractionOptions,
): Promise<EntityExtractor & Task<GLiNERModel, DebertaV2TokenizerFast>> {
  const { signal, ...defaults } = options;
  return entityExtraction(await loadGliner(source, options, signal), pick(defaults, ENTITY_EXTRACTION_OPTIONS));
}

/** `pipeline("entity-extraction")` over a loaded GLiNER. */
export function glinerEntitiesOf(
  from: LoadedParts,
  defaults: EntityExtractionOptions,
): EntityExtractor & Task<GLiNERModel, DebertaV2TokenizerFast> {
  return entityExtraction(shareLoaded(from, GLiNERModel), defaults);
}

async function glinerTokenizer(
  { config: gliner, base }: Opened<GlinerConfig>,
  options: LstmOptions,
): Promise<DebertaV2TokenizerFast> {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(base.tokenizer, pick(options, FAST_TOKENIZER_OPTIONS));
  const { classTokenIndex, entToken, sepToken } = gliner;
  if (classTokenIndex === undefined) return tokenizer.withSpecialTokens(["[FLERT]", entToken, sepToken]);
  const id = tokenizer.convertTokensToIds(entToken);
  if (id !== classTokenIndex)
    throw new CheckpointError(
      `gliner_config.json: class_token_index is ${classTokenIndex}, the tokenizer's id of ${entToken} is ${id}`,
    );
  return tokenizer;
}
