// A folder of GLiNER2's cases: structured results with their offsets, the same entities as a flat list, and the values between.
import type { Gliner2Inputs, SchemaColumns } from "../../src/model/extraction/gliner2.js";
import { checkSchema } from "../../src/tasks/extraction/schema.js";
import { schemaTokens } from "../../src/tasks/extraction/schema-prompt.js";
import { gliner2Words } from "../../src/tasks/extraction/words.js";
import { pipeline } from "../../src/tasks/pipeline.js";
import type { DebertaV2TokenizerFast } from "../../src/tokenizer/tokenizer-fast.js";
import {
  camelCased,
  differences,
  type ExtractionCase,
  openFixture,
  type ReadFile,
  type Verdict,
} from "./extraction.js";

type Json = Readonly<Record<string, unknown>>;

export async function runGliner2(read: ReadFile, name: string, device?: GPUDevice): Promise<Verdict> {
  const { data, expected, options, source } = await openFixture(read, name);
  const extract = await pipeline("structured-extraction", source, { ...options, ...(device ? { device } : {}) });
  const wrong: string[] = [];
  let [tensors, worst] = [0, 0];
  try {
    for (const one of data.cases) {
      // The stored calls ask for both unless they say otherwise.
      const settings = { includeConfidence: true, includeSpans: true, ...camelCased(one.options) };
      const got = await extract(one.texts as string, one.schema as object, settings);
      wrong.push(...differences(got, adapted(one), data.tolerance32, one.name).slice(0, 3));
      if (!one.tensors) continue;
      const inputs = inputsOf(extract.tokenizer, one);
      const values = await extract.model.inspect(inputs);
      for (const what of one.tensors) {
        const wanted = expected.get(`${one.name}/${what}`);
        const tolerance = data.tensors?.[what.replace(/^\d+\./, "")]?.tolerance32;
        if (!wanted || tolerance === undefined) continue;
        const value = values.get(what);
        if (!value) {
          wrong.push(`${one.name}/${what} is not among the values`);
          continue;
        }
        tensors++;
        const share = largest(value, wanted, one, expected) / tolerance;
        worst = Math.max(worst, share);
        if (!(share <= 1)) wrong.push(`${one.name}/${what}: ${share.toFixed(2)} of the tolerance`);
      }
    }
  } finally {
    await extract.dispose();
  }
  return { cases: data.cases.length, tensors, wrong, worst };
}

/** entity-extraction on the same files: every entity of a list, in the order of the text. */
export async function runGliner2Entities(read: ReadFile, name: string, device?: GPUDevice): Promise<Verdict> {
  const { data, options, source } = await openFixture(read, name);
  const extract = await pipeline("entity-extraction", source, { ...options, ...(device ? { device } : {}) });
  const wrong: string[] = [];
  let cases = 0;
  try {
    for (const one of data.cases) {
      const { entities, ...others } = one.schema as { entities?: readonly string[] };
      const { threshold, ...rest } = (one.options ?? {}) as { threshold?: number };
      if (!Array.isArray(entities) || Object.keys(others).length > 0 || Object.keys(rest).length > 0) continue;
      cases++;
      const got = await extract(one.texts as string, entities, threshold === undefined ? {} : { threshold });
      const wanted = (result: unknown) =>
        Object.entries((result as { entities: Record<string, Json[]> }).entities)
          .flatMap(([label, spans]) =>
            spans.map(({ text, confidence, start, end }) => ({ text, label, score: confidence, start, end })),
          )
          .sort((a, b) => (a.start as number) - (b.start as number) || (b.score as number) - (a.score as number));
      const output = adapted(one);
      wrong.push(
        ...differences(got, Array.isArray(output) ? output.map(wanted) : wanted(output), data.tolerance32, one.name),
      );
    }
  } finally {
    await extract.dispose();
  }
  return { cases, tensors: 0, wrong, worst: 0 };
}

/**
 * What Python gives, less the full stop that it puts behind texts, and a described relation under its own name (Python: under
 * "name: description").
 */
function adapted({ texts, schema, output }: ExtractionCase): unknown {
  if (Array.isArray(texts)) return texts.map((text, index) => without(text as string, (output as unknown[])[index]));
  const own = without(texts as string, output) as Record<string, Record<string, unknown>>;
  const { relations } = schema as { relations?: unknown };
  if (typeof relations !== "object" || relations === null || Array.isArray(relations)) return own;
  for (const [name, text] of Object.entries(relations)) {
    const description = typeof text === "string" ? text : (text as { description?: string }).description;
    const quirk = description ? `${name}: ${description}` : "";
    const places: Record<string, unknown>[] = [own, own["relation_extraction"]!];
    for (const place of places) {
      if (!(quirk in place)) continue;
      own["relation_extraction"]![name] = place[quirk];
      Reflect.deleteProperty(place, quirk);
    }
  }
  return own;
}

function without(text: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    const kept = value.map((each) => without(text, each)).filter((each) => each !== undefined && !holdsNothing(each));
    // Of those that are cut to the same place the surer.
    const places = kept.map((each) => {
      const { start, end } = (each ?? {}) as Json;
      return start === undefined ? undefined : `${start as number} ${end as number}`;
    });
    return kept.filter((_, at) => places[at] === undefined || places.indexOf(places[at]) === at);
  }
  if (typeof value !== "object" || value === null) return value;
  const { start, end } = value as { start?: number; end?: number };
  if (typeof start === "number" && start >= text.length) return undefined;
  if (typeof start === "number" && end! > text.length)
    return { ...value, text: text.slice(start, text.length), end: text.length };
  const fields = Object.entries(value).map(([name, each]) => [name, without(text, each) ?? null] as const);
  const isRelation = "head" in value && "tail" in value;
  return isRelation && fields.some(([, each]) => each === null) ? undefined : Object.fromEntries(fields);
}

/** An instance whose fields are all empty, which Python gives only where the full stop was in one. */
const holdsNothing = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).every((each) => each === null || (Array.isArray(each) && each.length === 0));

function inputsOf(tokenizer: DebertaV2TokenizerFast, { texts, schema, options = {} }: ExtractionCase): Gliner2Inputs {
  const tokens = [texts].flat().map((text, index) => {
    const own = checkSchema("test", Array.isArray(schema) ? schema[index] : schema);
    const words = gliner2Words(/[.!?]$/.test(text) ? text : `${text}.`);
    return schemaTokens(tokenizer, own, words.slice(0, Number(options["max_len"] ?? words.length)));
  });
  return {
    inputIds: tokens.map(({ ids }) => ids),
    words: tokens.map(({ words }) => words),
    schemas: tokens.map(({ schemas }): readonly SchemaColumns[] => schemas),
  };
}

type Stored = { readonly shape: number[]; readonly data: ArrayLike<number> };

/** Largest difference over real tokens and words, and spans that end inside the text. */
function largest(got: Stored, wanted: Stored, { name }: ExtractionCase, expected: ReadonlyMap<string, Stored>): number {
  const mask = expected.get(`${name}/attention_mask`)!;
  const lengths = expected.get(`${name}/text_lengths`)?.data;
  if (got.shape.length !== wanted.shape.length) return Infinity;
  let worst = 0;
  const walk = (index: number[]): void => {
    if (index.length < wanted.shape.length) {
      for (let i = 0; i < wanted.shape[index.length]!; i++) walk([...index, i]);
      return;
    }
    const isTokens = wanted.shape.length === 3 && wanted.shape[1] === mask.shape[1];
    if (isTokens && !mask.data[index[0]! * mask.shape[1]! + index[1]!]) return;
    if (wanted.shape.length === 4 && index[2]! + index[3]! >= (lengths?.[index[0]!] ?? Infinity)) return;
    if (
      wanted.shape.length === 3 &&
      lengths &&
      wanted.shape[1] === Math.max(...Array.from(lengths)) &&
      index[1]! >= lengths[index[0]!]!
    )
      return;
    const at = (shape: readonly number[]) => index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
    const difference = Math.abs(got.data[at(got.shape)]! - wanted.data[at(wanted.shape)]!);
    if (!(difference <= worst)) worst = difference;
  };
  walk([]);
  return worst;
}
