// What was found, in the shape that GLiNER2's library gives it: texts, or objects with confidences and places as asked for.
import { firstOfEach } from "./first-of-each.js";
import type { Chosen, Finding, FoundRow, FoundValue } from "./schema-findings.js";
import type { TextSpan } from "./overlaps.js";

/** A span or a choice. Places are UTF-16; choices have none. */
export type ExtractedValue =
  | string
  | {
      /** The span, or the choice. */
      readonly text: string;
      /** 0 to 1; with `includeConfidence`. */
      readonly confidence?: number;
      /** First UTF-16 unit in the text; with `includeSpans`. */
      readonly start?: number;
      /** The unit after the last; with `includeSpans`. */
      readonly end?: number;
    };

/** What a field holds: a list, or one value. */
export type ExtractedField = ExtractedValue[] | ExtractedValue | null;

/** A label, with `includeConfidence` and how sure the model is (0 to 1). */
export type ExtractedClass =
  | string
  | {
      /** One of the labels. */
      readonly label: string;
      /** 0 to 1. */
      readonly confidence: number;
    };

/** Head and tail; as an object with `includeConfidence`, `includeSpans` or windows. */
export type ExtractedRelation =
  | readonly [head: string, tail: string]
  | {
      /** What the relation goes out from. */
      readonly head: ExtractedValue;
      /** What it leads to. */
      readonly tail: ExtractedValue;
    };

/** Entities by label, relations by name, and under their own names structures (instances) and classifications. */
export interface StructuredResult {
  /** By the labels that were asked for. */
  readonly entities?: Readonly<Record<string, ExtractedField>>;
  /** By the relations' names. */
  readonly relation_extraction?: Readonly<Record<string, readonly ExtractedRelation[]>>;
  /** A structure's instances, or a classification's label or labels. */
  readonly [name: string]: unknown;
}

export interface ResultForm {
  readonly includeConfidence: boolean;
  readonly includeSpans: boolean;
  /** Whether the findings are those of windows put together: nothing is then left out as repeated, and relations are objects. */
  readonly merged: boolean;
}

export function structuredResult(findings: readonly Finding[], form: ResultForm): StructuredResult {
  const result: Record<string, unknown> = {};
  const relations: Record<string, ExtractedRelation[]> = {};
  const fields = (row: FoundRow): Record<string, ExtractedField> =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shownField(value, form)]));
  for (const finding of findings) {
    if (finding.kind === "classifications") {
      const classes = finding.classes.map((each): ExtractedClass => (form.includeConfidence ? each : each.label));
      result[finding.name] = finding.multiLabel ? classes : classes[0];
    } else if (finding.kind === "entities") result["entities"] = finding.row ? fields(finding.row) : {};
    else if (finding.kind === "relations")
      relations[finding.name] = (finding.rows ?? []).map((row) => shownRelation(row, form));
    else result[finding.name] = finding.rows ? finding.rows.map(fields) : {};
  }
  if (Object.keys(relations).length > 0) result["relation_extraction"] = relations;
  return result;
}

function shown(value: TextSpan | Chosen, { includeConfidence, includeSpans }: ResultForm): ExtractedValue {
  const hasPlace = includeSpans && "start" in value;
  if (!includeConfidence && !hasPlace) return value.text;
  return {
    text: value.text,
    ...(includeConfidence ? { confidence: value.confidence } : {}),
    ...(hasPlace ? { start: value.start, end: value.end } : {}),
  };
}

function shownField(value: FoundValue, form: ResultForm): ExtractedField {
  if (value === null) return null;
  if (!Array.isArray(value)) return shown(value as TextSpan | Chosen, form);
  const values = value as readonly (TextSpan | Chosen)[];
  // Where places are not told, equal texts are one.
  const told = form.merged || form.includeSpans ? values : firstOfEach(values, ({ text }) => text.toLowerCase());
  return told.map((each) => shown(each, form));
}

function shownRelation({ head, tail }: FoundRow, form: ResultForm): ExtractedRelation {
  const [from, to] = [head as TextSpan, tail as TextSpan];
  if (!form.merged && !form.includeConfidence && !form.includeSpans) return [from.text, to.text];
  return { head: shown(from, form), tail: shown(to, form) };
}
