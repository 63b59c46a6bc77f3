// Loads a GLiNER2 with its tokenizer, for both of its tasks.
import type { Source } from "../../checkpoint/source.js";
import { UnsupportedError } from "../../errors.js";
import { GLiNER2Model, openGliner2 } from "../../model/extraction/gliner2.js";
import { LOAD_OPTIONS, type LoadOptions } from "../../model/load/options.js";
import { pick, readOptions } from "../../options.js";
import { TOKENIZER_OPTIONS, type TokenizerOptions } from "../../tokenizer/settings.js";
import { DebertaV2TokenizerFast, FAST_TOKENIZER_OPTIONS } from "../../tokenizer/tokenizer-fast.js";
import { type LoadedParts, OF_LOADED, shareLoaded } from "../loaded-parts.js";
import { asTask, checkText, type Loaded, loadTogether, type Task } from "../task.js";
import {
  checkThreshold,
  ENTITY_EXTRACTION_OPTIONS,
  type EntityExtractionOptions,
  type EntityExtractor,
  type ExtractedEntity,
} from "./entity-extraction.js";
import { checkLabels, type LabelInput } from "./labels.js";
import type { TextSpan } from "./overlaps.js";
import { type CheckedPart, checkSchema } from "./schema.js";
import type { Finding } from "./schema-findings.js";
import { GLINER2_TOKENS } from "./schema-prompt.js";
import {
  findAll,
  STRUCTURED_EXTRACTION_OPTIONS,
  structuredExtraction,
  type StructuredExtractionOptions,
  type StructuredExtractor,
} from "./structured-extraction.js";
import { isBlank } from "./words.js";

type LoadedGliner2 = Loaded<GLiNER2Model, DebertaV2TokenizerFast>;

export async function loadGliner2(
  source: Source,
  options: LoadOptions,
  signal: AbortSignal | undefined,
): Promise<LoadedGliner2> {
  const opened = await openGliner2(source, options);
  return loadTogether(
    (either) => GLiNER2Model.load(opened, { ...options, signal: either }),
    async (either) => {
      const tokenizer = await DebertaV2TokenizerFast.fromPretrained(opened.base.tokenizer, {
        ...pick(options, FAST_TOKENIZER_OPTIONS),
        signal: either,
      });
      return tokenizer.withSpecialTokens(GLINER2_TOKENS); // those that a folder lacks
    },
    signal,
  );
}

/** `pipeline("structured-extraction")`. */
export async function structuredExtractor(
  source: Source,
  given: LoadOptions & TokenizerOptions & StructuredExtractionOptions,
): Promise<StructuredExtractor & Task<GLiNER2Model, DebertaV2TokenizerFast>> {
  const options = readOptions("structured-extraction", given, {
    ...LOAD_OPTIONS,
    ...TOKENIZER_OPTIONS,
    ...STRUCTURED_EXTRACTION_OPTIONS,
  });
  const { signal, ...defaults } = options;
  const loaded = await loadGliner2(source, options, signal);
  return structuredExtraction(loaded, pick(defaults, STRUCTURED_EXTRACTION_OPTIONS));
}

/** `pipeline("structured-extraction")` over a loaded GLiNER2. */
export function structuredExtractorOf(
  from: LoadedParts,
  given: StructuredExtractionOptions,
): StructuredExtractor & Task<GLiNER2Model, DebertaV2TokenizerFast> {
  const { signal, ...defaults } = readOptions(OF_LOADED, given, STRUCTURED_EXTRACTION_OPTIONS);
  signal?.throwIfAborted();
  return structuredExtraction(shareLoaded(from, GLiNER2Model), defaults);
}

/** Whether a loaded model is a GLiNER2. */
export const isGliner2 = (model: object): boolean => model instanceof GLiNER2Model;

/** `pipeline("entity-extraction")` over a loaded GLiNER2. */
export function gliner2EntitiesOf(
  from: LoadedParts,
  defaults: EntityExtractionOptions,
): EntityExtractor & Task<GLiNER2Model, DebertaV2TokenizerFast> {
  return entitiesBySchema(shareLoaded(from, GLiNER2Model), defaults);
}

const TASK = "entity-extraction";

/** `pipeline("entity-extraction")` of a folder whose config.json says "extractor". */
export async function gliner2EntityExtractor(
  source: Source,
  options: LoadOptions & EntityExtractionOptions,
): Promise<EntityExtractor & Task<GLiNER2Model, DebertaV2TokenizerFast>> {
  const { signal, ...defaults } = options;
  return entitiesBySchema(await loadGliner2(source, options, signal), pick(defaults, ENTITY_EXTRACTION_OPTIONS));
}

/** Entities as a flat list over all labels, which do not compete with each other. */
function entitiesBySchema(
  loaded: LoadedGliner2,
  defaults: EntityExtractionOptions,
): EntityExtractor & Task<GLiNER2Model, DebertaV2TokenizerFast> {
  async function run(
    input: string | readonly string[],
    labels: LabelInput,
    options: EntityExtractionOptions = {},
  ): Promise<ExtractedEntity[] | ExtractedEntity[][]> {
    const {
      flatNer = true,
      returnClassProbs = false,
      ...settings
    } = {
      ...defaults,
      ...readOptions(TASK, options, ENTITY_EXTRACTION_OPTIONS),
    };
    const texts = (Array.isArray(input) ? input : [input]) as readonly string[];
    for (const text of texts) checkText(TASK, "the input", text);
    const parts = checkLabels(TASK, labels, texts.length).map(({ names, prompts }): CheckedPart[] =>
      names.length === 0
        ? []
        : checkSchema(TASK, {
            entities:
              prompts === names ? names : Object.fromEntries(names.map((name, index) => [name, prompts[index]])),
          }),
    );
    checkThreshold(TASK, settings.threshold);
    if (returnClassProbs) throw new UnsupportedError(`${TASK}: GLiNER2 gives no class probabilities`);
    const own = texts.flatMap((text, index) => (parts[index]!.length > 0 && !isBlank(text) ? [index] : []));
    const found = await findAll(
      TASK,
      loaded,
      own.map((index) => texts[index]!),
      own.map((index) => parts[index]!),
      { ...settings, ...(flatNer ? {} : { overlapPolicy: "nested" }) },
    );
    const results = texts.map((): ExtractedEntity[] => []);
    own.forEach((index, at) => (results[index] = entitiesOf(found[at]!)));
    return Array.isArray(input) ? results : results[0]!;
  }
  return asTask(run as EntityExtractor, loaded);
}

function entitiesOf(found: readonly Finding[]): ExtractedEntity[] {
  const [entities] = found;
  if (entities?.kind !== "entities" || !entities.row) return [];
  return Object.entries(entities.row)
    .flatMap(([label, spans]) =>
      (spans as readonly TextSpan[]).map(({ text, confidence: score, start, end }) => ({
        start,
        end,
        text,
        label,
        score,
      })),
    )
    .sort((a, b) => a.start - b.start || b.score - a.score);
}
