// redact(text, entities): puts something else in the place of found spans. Cut by `start` and `end`, never by searching words.
import { readOptions } from "../options.js";
import { cutAt } from "./cut.js";
import type { Entity } from "./token-classification.js";

/** A span of a text, as token classification and entity extraction find them. */
export type RedactableEntity = Pick<Entity, "start" | "end"> &
  Partial<Entity> & {
    /** Entity extraction's name for `entity_group`. */
    readonly label?: string;
  };

/** Options of `redact`. */
export interface RedactOptions<Span extends RedactableEntity = RedactableEntity> {
  /**
   * "label" (default): [PERSON]. "numbered": [PERSON 1], the same number for the same text. "block": one █ a character.
   * "remove": nothing. Or a function.
   */
  readonly replacement?: "label" | "numbered" | "block" | "remove" | ((entity: Span) => string);
}

/**
 * The text with every entity replaced. White space at the ends of a span stays: a token's span includes the space before it.
 * Of overlapping entities the one with the higher score counts, for the part that both cover and for its own.
 * @throws RangeError for a span outside the text, an unknown replacement, or a result of token classification whose text was
 * cut: what lies behind the cut is unread
 */
export function redact<Span extends RedactableEntity>(
  text: string,
  entities: readonly Span[],
  options: RedactOptions<Span> = {},
): string {
  const { replacement = "label" } = readOptions("redact", options, { replacement: "string|function" });
  const readTo = cutAt(entities);
  if (readTo !== undefined && text.slice(readTo).trim() !== "")
    throw new RangeError(
      `the entities come from a text that was read up to ${readTo} of ${text.length} only: ` +
        'give token classification a stride, or use pipeline("redact")',
    );
  const numbers = new Map<string, Map<string, number>>(); // label → covered text → number
  let result = "";
  let done = 0;
  for (const { entity, start, end } of apart(text, entities)) {
    const covered = text.slice(start, end);
    result += text.slice(done, start) + replace(entity, covered);
    done = end;
  }
  return result + text.slice(done);

  function replace(entity: Span, covered: string): string {
    if (typeof replacement === "function") return replacement(entity);
    const label = entity.entity_group ?? entity.label ?? entity.entity?.replace(/^[BI]-/, "") ?? "REDACTED";
    if (replacement === "label") return `[${label}]`;
    if (replacement === "numbered") return `[${label} ${numberOf(label, covered)}]`;
    if (replacement === "block") return "█".repeat(Array.from(covered).length);
    if ((replacement as unknown) === "remove") return "";
    throw new RangeError(
      `replacement is "${replacement as string}": it must be "label", "numbered", "block", "remove" or a function`,
    );
  }

  function numberOf(label: string, covered: string): number {
    const known = numbers.get(label) ?? new Map<string, number>();
    numbers.set(label, known);
    const number = known.get(covered) ?? known.size + 1;
    known.set(covered, number);
    return number;
  }
}

interface Piece<Span> {
  readonly entity: Span;
  readonly start: number;
  readonly end: number;
}

/** The entities as pieces that do not overlap, in the order of the text: nothing that any of them covers is left out. */
function apart<Span extends RedactableEntity>(text: string, entities: readonly Span[]): Piece<Span>[] {
  const byScore = [...entities].sort((a, b) => (b.score ?? 1) - (a.score ?? 1));
  const pieces: Piece<Span>[] = [];
  for (const entity of byScore) {
    const { start, end } = entity;
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= text.length))
      throw new RangeError(`an entity spans [${start}, ${end}], the text [0, ${text.length}]`);
    let from = start;
    for (const taken of pieces.filter((piece) => piece.start < end && piece.end > start)) {
      if (from < taken.start) add(entity, from, taken.start);
      from = Math.max(from, taken.end);
    }
    if (from < end) add(entity, from, end);
  }
  return pieces;

  function add(entity: Span, start: number, end: number): void {
    const covered = text.slice(start, end);
    if (covered.trim() === "") return;
    const piece = { entity, start: start + covered.search(/\S/), end: start + covered.trimEnd().length };
    const place = pieces.findIndex((other) => other.start > piece.start);
    pieces.splice(place === -1 ? pieces.length : place, 0, piece);
  }
}
