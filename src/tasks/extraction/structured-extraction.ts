// Structured extraction: entities, relations, structures and classes of a text in one run, asked for as a schema. GLiNER2's task;
// options and results are the library's, options in camelCase.
import type { GLiNER2Model } from "../../model/extraction/gliner2.js";
import { type OptionTable, readOptions } from "../../options.js";
import type { DebertaV2TokenizerFast } from "../../tokenizer/tokenizer-fast.js";
import { asTask, checkText, kindOf, type Loaded, type Task } from "../task.js";
import { type Chunk, chunksOf, mergeFindings } from "./chunks.js";
import { checkThreshold } from "./entity-extraction.js";
import { OVERLAP_POLICIES, type OverlapPolicy } from "./overlaps.js";
import { type CheckedPart, checkSchema, type ExtractionSchema } from "./schema.js";
import { type Finding, findings, type ReadText } from "./schema-findings.js";
import { schemaTokens } from "./schema-prompt.js";
import { type StructuredResult, structuredResult } from "./structured-result.js";
import { gliner2Words } from "./words.js";

/** Options of `pipeline("structured-extraction")` and of its calls. */
export interface StructuredExtractionOptions {
  /** Scores from this on count, where a field has none of its own. Default: 0.5. */
  readonly threshold?: number;
  /** Whether results say how sure the model is. Default: texts alone. */
  readonly includeConfidence?: boolean;
  /** Whether results say where in the text they lie (UTF-16). */
  readonly includeSpans?: boolean;
  /** Which spans of a field stay where they overlap. Default: the best, and those apart from it. */
  readonly overlapPolicy?: OverlapPolicy;
  /** Words of a text that are read. Default: all, or what config.json says. */
  readonly maxLen?: number;
  /** Reads a text in windows of so many words, and puts together what each finds. Default: as a whole. */
  readonly chunkSize?: number;
  /** Words that neighbouring windows share. Default: 64, or a sixth of a smaller window. */
  readonly chunkOverlap?: number;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const STRUCTURED_EXTRACTION_OPTIONS: OptionTable<StructuredExtractionOptions> = {
  threshold: "any",
  includeConfidence: "boolean",
  includeSpans: "boolean",
  overlapPolicy: "any",
  maxLen: "any",
  chunkSize: "any",
  chunkOverlap: "any",
  signal: "object",
};

/**
 * What `pipeline("structured-extraction")` gives. GLiNER2 checkpoints.
 *
 * ```ts
 * const extract = await pipeline("structured-extraction", "owner/gliner2");
 * await extract("Ada lives in Paris.", { entities: ["person", "city"], classifications: { mood: ["glad", "sad"] } });
 * ```
 */
export interface StructuredExtractor {
  /** One text → what was found, under the names of the schema. */
  (text: string, schema: ExtractionSchema, options?: StructuredExtractionOptions): Promise<StructuredResult>;
  /** @param schema one for all texts, or a list with one for each */
  (
    texts: readonly string[],
    schema: ExtractionSchema | readonly ExtractionSchema[],
    options?: StructuredExtractionOptions,
  ): Promise<StructuredResult[]>;
}

const TASK = "structured-extraction";
const CHUNK_OVERLAP = 64;

export function structuredExtraction(
  loaded: Loaded<GLiNER2Model, DebertaV2TokenizerFast>,
  defaults: StructuredExtractionOptions = {},
): StructuredExtractor & Task<GLiNER2Model, DebertaV2TokenizerFast> {
  async function run(
    input: string | readonly string[],
    schema: ExtractionSchema | readonly ExtractionSchema[],
    options: StructuredExtractionOptions = {},
  ): Promise<StructuredResult | StructuredResult[]> {
    const settings = { ...defaults, ...readOptions(TASK, options, STRUCTURED_EXTRACTION_OPTIONS) };
    const texts = (Array.isArray(input) ? input : [input]) as readonly string[];
    for (const text of texts) checkText(TASK, "the input", text);
    const parts = schemasOf(schema, texts.length);
    const { includeConfidence = false, includeSpans = false, chunkSize } = settings;
    const found = await findAll(TASK, loaded, texts, parts, settings);
    const form = { includeConfidence, includeSpans, merged: chunkSize !== undefined };
    const results = found.map((each) => structuredResult(each, form));
    return Array.isArray(input) ? results : results[0]!;
  }
  return asTask(run as StructuredExtractor, loaded);
}

function schemasOf(schema: unknown, count: number): (readonly CheckedPart[])[] {
  if (!Array.isArray(schema)) {
    const same = checkSchema(TASK, schema);
    return Array.from({ length: count }, () => same);
  }
  if (schema.length !== count) throw new RangeError(`${TASK}: ${schema.length} schemas for ${count} texts`);
  return schema.map((each: unknown) => checkSchema(TASK, each));
}

/** What each text holds of its parts; windows of long texts put together. Checks options before any work. */
export async function findAll(
  task: string,
  { model, tokenizer }: Loaded<GLiNER2Model, DebertaV2TokenizerFast>,
  texts: readonly string[],
  parts: readonly (readonly CheckedPart[])[],
  options: StructuredExtractionOptions,
): Promise<Finding[][]> {
  const { threshold = 0.5, overlapPolicy, signal } = options;
  checkThreshold(task, threshold);
  if (overlapPolicy !== undefined && !OVERLAP_POLICIES.includes(overlapPolicy))
    throw new RangeError(`${task}: overlapPolicy is "${overlapPolicy}": it must be ${OVERLAP_POLICIES.join(", ")}`);
  const chunked = chunkSizes(task, options);
  const maxLen = countOf(task, "maxLen", options.maxLen, 1) ?? chunked?.chunkSize ?? model.gliner.maxLen;
  if (texts.length === 0) return [];

  const windows = texts.map((text): Chunk[] => (chunked ? chunksOf(text, chunked) : [{ text, start: 0 }]));
  const given = windows.flatMap((chunks, index) =>
    chunks.map(({ text }) => {
      const words = gliner2Words(ended(text)).slice(0, maxLen);
      const tokens = schemaTokens(tokenizer, parts[index]!, words);
      const read: ReadText = { text, words, prefix: tokens.prefix };
      return { tokens, read, parts: parts[index]! };
    }),
  );
  const { schemas } = await model.forward(
    {
      inputIds: given.map(({ tokens }) => tokens.ids),
      words: given.map(({ tokens }) => tokens.words),
      schemas: given.map(({ tokens }) => tokens.schemas),
    },
    signal ? { signal } : {},
  );
  const found = given.map((each, at) => findings(each.parts, schemas[at]!, each.read, { threshold, overlapPolicy }));
  let next = 0;
  return windows.map((chunks) => {
    const own = found.slice(next, (next += chunks.length));
    return chunked ? mergeFindings(chunks, own, overlapPolicy) : own[0]!;
  });
}

/** The library's models read texts that end: a full stop is put behind others. */
const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function chunkSizes(task: string, options: StructuredExtractionOptions) {
  const chunkSize = countOf(task, "chunkSize", options.chunkSize, 1);
  if (chunkSize === undefined) {
    if (options.chunkOverlap !== undefined) throw new RangeError(`${task}: chunkOverlap needs a chunkSize`);
    return undefined;
  }
  const usual = Math.min(CHUNK_OVERLAP, Math.floor(chunkSize / 6));
  const chunkOverlap = countOf(task, "chunkOverlap", options.chunkOverlap, 0) ?? usual;
  if (chunkOverlap >= chunkSize)
    throw new RangeError(`${task}: chunkOverlap is ${chunkOverlap}: it must be less than chunkSize, ${chunkSize}`);
  return { chunkSize, chunkOverlap };
}

function countOf(task: string, name: string, value: unknown, least: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw new TypeError(`${task}: ${name} must be a number, not ${kindOf(value)}`);
  if (!Number.isInteger(value) || value < least)
    throw new RangeError(`${task}: ${name} is ${value}: it must be a whole number from ${least} on`);
  return value;
}
