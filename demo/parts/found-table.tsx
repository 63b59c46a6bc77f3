// Spans found in a text, a row each: the words, their kind, and how sure the model is.
import type { ComponentChildren } from "preact";
import { classesOf, wordsOf } from "../entity-kinds.js";
import { Bar } from "./bar.js";
import { Breakable } from "./breakable.js";

export interface FoundSpan {
  readonly start: number;
  readonly end: number;
  readonly word: string;
  readonly entity_group: string;
  readonly score: number;
}

export function FoundTable<Span extends FoundSpan>(props: {
  spans: readonly Span[];
  classes?: (label: string) => string;
  /** A first column. */
  before?: { readonly title: string; readonly cell: (span: Span) => ComponentChildren };
  /** In place of the score; undefined: the score. */
  certainty?: (span: Span) => ComponentChildren;
}) {
  const { spans, classes = classesOf, before, certainty } = props;
  return (
    <table class="found" aria-label="Found spans">
      <thead class="visually-hidden">
        <tr>
          {before && <th scope="col">{before.title}</th>}
          <th scope="col">Text</th>
          <th scope="col">Kind</th>
          <th scope="col">Score</th>
        </tr>
      </thead>
      <tbody>
        {spans.map((span) => (
          <tr key={`${span.start}-${span.end}-${span.entity_group}`}>
            {before && <td>{before.cell(span)}</td>}
            <td class="wrap" dir="auto">
              <Breakable text={span.word} />
            </td>
            <td>
              <span class={`kind ${classes(span.entity_group)}`}>{wordsOf(span.entity_group)}</span>
            </td>
            <td>
              {certainty?.(span) ?? (
                <span class="score">
                  <Bar score={span.score} />
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
