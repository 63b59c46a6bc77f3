// A text with spans marked: a tint, a line below, and the label's words inside the mark, which copying leaves out.
import { classesOf, wordsOf } from "../entity-kinds.js";

interface Span {
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly entity_group: string;
}

/** @param entities in the text's order, not overlapping */
export function MarkedText<Entity extends Span>(props: {
  text: string;
  entities: readonly Entity[];
  classes?: (label: string) => string;
  isTicked?: (entity: Entity) => boolean;
  onToggle?: (entity: Entity) => void;
}) {
  const { text, entities, classes = classesOf } = props;
  const ends = [0, ...entities.map(({ end }) => end)];
  return (
    <p class="marked" dir="auto">
      {entities.map((entity, index) => {
        const { start, end, score, entity_group: label } = entity;
        return [
          text.slice(ends[index], start),
          <mark
            key={start}
            class={`${classes(label)}${props.isTicked?.(entity) === false ? " unticked" : ""}`}
            data-label={label}
            data-start={start}
            data-end={end}
            data-score={score}
            onClick={() => props.onToggle?.(entity)}
          >
            {text.slice(start, end)}
            <span class="mark-label">{wordsOf(label)}</span>
          </mark>,
        ];
      })}
      {text.slice(ends.at(-1))}
    </p>
  );
}
