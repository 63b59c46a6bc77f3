// Long texts: windows of words that overlap, each read as a text of its own, and their findings put together. As GLiNER2's extract_long.
import { type OverlapPolicy, settleOverlaps, type TextSpan } from "./overlaps.js";
import type { Chosen, Finding, FoundRow, FoundValue } from "./schema-findings.js";
import { gliner2Words } from "./words.js";

/** Words of a window and how many of them its neighbour repeats. */
export interface ChunkSize {
  readonly chunkSize: number;
  readonly chunkOverlap: number;
}

/** A window of a text, and where it begins. */
export interface Chunk {
  readonly text: string;
  readonly start: number;
}

export function chunksOf(text: string, { chunkSize, chunkOverlap }: ChunkSize): Chunk[] {
  const words = gliner2Words(text);
  if (words.length === 0) return [{ text, start: 0 }];
  const chunks: Chunk[] = [];
  for (let first = 0; ; first += chunkSize - chunkOverlap) {
    const last = Math.min(first + chunkSize, words.length) - 1;
    const { start } = words[first]!;
    chunks.push({ text: text.slice(start, words[last]!.end), start });
    if (last === words.length - 1) return chunks;
  }
}

/** The findings of a text from those of its windows, part by part. */
export function mergeFindings(
  chunks: readonly Chunk[],
  found: readonly (readonly Finding[])[],
  policy: OverlapPolicy | undefined,
): Finding[] {
  const moved = found.map((all, index) => all.map((finding) => movedBy(finding, chunks[index]!.start)));
  return moved[0]!.map((_, part) =>
    mergedPart(
      moved.map((all) => all[part]!),
      policy ?? "flat",
    ),
  );
}

function movedBy(finding: Finding, offset: number): Finding {
  const span = <Value extends TextSpan | Chosen>(value: Value): Value =>
    "start" in value ? { ...value, start: value.start + offset, end: value.end + offset } : value;
  const value = (each: FoundValue): FoundValue => (each === null ? null : isMany(each) ? each.map(span) : span(each));
  const row = (each: FoundRow): FoundRow =>
    Object.fromEntries(Object.entries(each).map(([name, own]) => [name, value(own)]));
  if (finding.kind === "classifications") return finding;
  if (finding.kind === "entities") return { ...finding, row: finding.row && row(finding.row) };
  return { ...finding, rows: finding.rows?.map(row) };
}

const isMany = (value: FoundValue): value is readonly (TextSpan | Chosen)[] => Array.isArray(value);

function mergedPart(windows: readonly Finding[], policy: OverlapPolicy): Finding {
  const [first] = windows as readonly [Finding];
  if (first.kind === "entities") {
    const rows = windows.flatMap((each) => (each.kind === "entities" && each.row ? [each.row] : []));
    return { ...first, row: rows.length > 0 ? mergedEntities(rows, policy) : undefined };
  }
  if (first.kind === "classifications") {
    const all = windows.flatMap((each) => (each.kind === "classifications" ? each.classes : []));
    const best = distinct(all, ({ label }) => label);
    return {
      ...first,
      classes: first.multiLabel ? best : best.toSorted((a, b) => b.confidence - a.confidence).slice(0, 1),
    };
  }
  const rows = windows.flatMap((each) => ("rows" in each && each.rows) || []);
  return rows.length > 0 ? { ...first, rows: distinct(rows, rowKey, rowConfidence) } : first;
}

/** A label's spans of all windows, apart from each other, in the order of the text; the first of them where one is asked for. */
function mergedEntities(rows: readonly FoundRow[], policy: OverlapPolicy): FoundRow {
  const labels = Object.keys(rows[0]!);
  return Object.fromEntries(
    labels.map((label): [string, FoundValue] => {
      const values = rows.map((row) => row[label] as readonly TextSpan[] | TextSpan | null);
      const spans = values.flatMap((value) => value ?? []);
      const kept = settleOverlaps(spans, policy).sort((a, b) => a.start - b.start || a.end - b.end);
      return [label, Array.isArray(values[0]) ? kept : (kept[0] ?? null)];
    }),
  );
}

/** Of equal items the one that the model is surer of, in the place of the first. */
function distinct<Item extends object>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  confidenceOf: (item: Item) => number = (item) => (item as { readonly confidence?: number }).confidence ?? 0,
): Item[] {
  const kept = new Map<string, Item>();
  for (const item of items) {
    const key = keyOf(item);
    const known = kept.get(key);
    if (!known || confidenceOf(item) > confidenceOf(known)) kept.set(key, item);
  }
  return [...kept.values()];
}

/** What a row says, its confidences left out. */
const rowKey = (row: FoundRow): string =>
  JSON.stringify(row, (key, value: unknown) => (key === "confidence" ? undefined : value));

const valueConfidence = (value: FoundValue): number =>
  value === null ? 0 : isMany(value) ? Math.max(0, ...value.map(({ confidence }) => confidence)) : value.confidence;

const rowConfidence = (row: FoundRow): number => Math.max(0, ...Object.values(row).map(valueConfidence));
