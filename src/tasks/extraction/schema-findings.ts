// From the scores of a text's schemas to what was found, before anything is left out or worded: spans with places and confidences.
import type { SchemaScores } from "../../model/extraction/gliner2.js";
import { softmax } from "../scores.js";
import { firstOfEach } from "./first-of-each.js";
import { type OverlapPolicy, placeOf, settleOverlaps, type TextSpan } from "./overlaps.js";
import type { CheckedField, CheckedPart } from "./schema.js";
import { probability } from "./spans.js";
import type { Word } from "./words.js";

/** A choice has no place in the text. */
export interface Chosen {
  readonly text: string;
  readonly confidence: number;
}

/** A label of a classification. */
export interface FoundClass {
  readonly label: string;
  readonly confidence: number;
}

/** What a field holds: all of a list, or the best alone. */
export type FoundValue = readonly (TextSpan | Chosen)[] | TextSpan | Chosen | null;
export type FoundRow = Readonly<Record<string, FoundValue>>;

/** What was found for a part; `rows` are instances, `undefined` where the model counts none. */
export type Finding =
  | { readonly kind: "entities"; readonly name: string; readonly row: FoundRow | undefined }
  | { readonly kind: "structures" | "relations"; readonly name: string; readonly rows: readonly FoundRow[] | undefined }
  | {
      readonly kind: "classifications";
      readonly name: string;
      readonly multiLabel: boolean;
      readonly classes: readonly FoundClass[];
    };

/** A text as it was read. */
export interface ReadText {
  /** As the caller gave it: what was added behind it is not found. */
  readonly text: string;
  readonly words: readonly Word[];
  /** Elements that are looked at as words, before them. */
  readonly prefix: readonly string[];
}

export interface FindOptions {
  readonly threshold: number;
  readonly overlapPolicy: OverlapPolicy | undefined;
}

export function findings(
  parts: readonly CheckedPart[],
  scores: readonly SchemaScores[],
  read: ReadText,
  options: FindOptions,
): Finding[] {
  return parts.map((part, index) => {
    const own = scores[index]!;
    if (part.kind === "classifications") {
      const { name, multiLabel } = part;
      return { kind: part.kind, name, multiLabel, classes: classesOf(part, own.classes) };
    }
    const instances = own.spans.shape[0]!;
    const rowOf = (instance: number): FoundRow =>
      Object.fromEntries(
        part.fields.map((field, at) => [field.name, valueOf(field, new FieldScores(own, instance, at), read, options)]),
      );
    const { kind, name } = part;
    if (kind === "entities") return { kind, name, row: instances > 0 ? rowOf(0) : undefined };
    const rows = Array.from({ length: instances }, (_, instance) => rowOf(instance));
    if (kind === "structures") return { kind, name, rows: instances > 0 ? rows.filter(holdsAny) : undefined };
    return { kind, name, rows: rows.flatMap(bestPair) };
  });
}

/** The scores of one field's spans in one instance: [L, K]. */
class FieldScores {
  readonly rows: number;
  readonly widths: number;
  private readonly data: Float32Array;

  constructor({ spans }: SchemaScores, instance: number, field: number) {
    const [, M, L, K] = spans.shape as [number, number, number, number];
    const at = (instance * M + field) * L * K;
    this.rows = L;
    this.widths = K;
    this.data = spans.data.subarray(at, at + L * K);
  }

  probability(row: number, width: number): number {
    return probability(this.data[row * this.widths + width]!);
  }
}

const holdsAny = (row: FoundRow): boolean =>
  Object.values(row).some((value) => value !== null && !(Array.isArray(value) && value.length === 0));

/** A relation holds where both of its ends are found: the best of each. */
function bestPair({ head, tail }: FoundRow): FoundRow[] {
  const [first, second] = [(head as TextSpan[])[0], (tail as TextSpan[])[0]];
  return first && second ? [{ head: first, tail: second }] : [];
}

function valueOf(field: CheckedField, scores: FieldScores, read: ReadText, options: FindOptions): FoundValue {
  const threshold = field.threshold ?? options.threshold;
  if (!field.choices) {
    const spans = settled(scores, read, threshold, options.overlapPolicy);
    return field.isList ? spans : (spans[0] ?? null);
  }
  const chosen = choicesOf(field.choices, scores, read.prefix).filter(({ confidence }) => confidence >= threshold);
  // Choices that differ in case alone are one; one without letters is none.
  if (field.isList) return firstOfEach(chosen, ({ text }) => text.toLowerCase()).filter(({ text }) => text !== "");
  const best = chosen.reduce<Chosen | undefined>(
    (most, each) => (most && most.confidence >= each.confidence ? most : each),
    undefined,
  );
  return best?.text ? best : null;
}

/** Choices stand before the words; the first element that reads the same counts, whosever it is. */
function choicesOf(choices: readonly string[], scores: FieldScores, prefix: readonly string[]): Chosen[] {
  const elements = prefix.map((element) => element.toLowerCase());
  return choices.map((text) => ({
    text,
    confidence: scores.probability(elements.indexOf(text.toLowerCase()), 0),
  }));
}

function settled(
  scores: FieldScores,
  { text, words, prefix }: ReadText,
  threshold: number,
  policy: OverlapPolicy | undefined,
): TextSpan[] {
  const spans: TextSpan[] = [];
  for (let first = 0; first < words.length; first++) {
    for (let width = 0; width < scores.widths && first + width < words.length; width++) {
      const confidence = scores.probability(prefix.length + first, width);
      if (!(confidence >= threshold)) continue;
      spans.push({ text: "", confidence, start: words[first]!.start, end: words[first + width]!.end });
    }
  }
  // What was added behind the text takes part in what clashes, as in training, but is not given back: then two spans may be one.
  const own = settleOverlaps(spans, policy)
    .filter(({ start }) => start < text.length)
    .map(({ confidence, start, end }) => {
      const last = Math.min(end, text.length);
      return { text: text.slice(start, last), confidence, start, end: last };
    });
  return firstOfEach(own, placeOf);
}

function classesOf(part: CheckedPart & { readonly kind: "classifications" }, logits: Float32Array): FoundClass[] {
  const { fields, activation, multiLabel, threshold, topK } = part;
  if (fields.length === 0) return [];
  const probabilities =
    activation === "sigmoid" ? Array.from(logits, probability) : softmax(logits).map((p) => Math.fround(p));
  const all = fields.map(({ name }, index) => ({ label: name, confidence: probabilities[index]! }));
  const best = all.reduce((most, each) => (most.confidence >= each.confidence ? most : each));
  if (!multiLabel) return [best];
  const chosen = all.filter(({ confidence }) => confidence >= threshold);
  const given = chosen.length > 0 ? chosen : [best];
  return topK === undefined ? given : given.toSorted((a, b) => b.confidence - a.confidence).slice(0, topK);
}
