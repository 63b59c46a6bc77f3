// A text with spans marked: a tint, a line below, and the label's words inside the mark, which copying leaves out.
import type { PersonalData } from "deberta-webgpu";
import { classesOf, wordsOf } from "../entity-kinds.js";

/** @param entities in the text's order, not overlapping */
export function MarkedText(props: {
  text: string;
  entities: readonly PersonalData[];
  isTicked: (entity: PersonalData) => boolean;
  onToggle: (entity: PersonalData) => void;
}) {
  const { text, entities } = props;
  const ends = [0, ...entities.map(({ end }) => end)];
  return (
    <p class="marked" dir="auto">
      {entities.map((entity, index) => {
        const { start, end, score, entity_group: label } = entity;
        return [
          text.slice(ends[index], start),
          <mark
            key={start}
            class={`${classesOf(label)}${props.isTicked(entity) ? "" : " unticked"}`}
            data-label={label}
            data-start={start}
            data-end={end}
            data-score={score}
            onClick={() => props.onToggle(entity)}
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
