// Extract: a text, kinds of things that the visitor names, and where the text tells of them.
import type { ExtractedEntity } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { classesAmong } from "../entity-kinds.js";
import { TextTitle, Threshold, thresholdFrom } from "../parts/fields.js";
import { FoundTable } from "../parts/found-table.js";
import { MarkedText } from "../parts/marked-text.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import { useTextWithLabels } from "../parts/text-with-labels.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Extract from "../tasks/extract.js";
import type { EngineOf } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  {
    name: "Career",
    text: "Anna Schmidt moved from Berlin to New York in March 2019 and joined Acme Corporation.",
    labels: ["person", "city", "organization", "date"],
  },
  {
    name: "Contact",
    text: "Write to hugo.berg@example.org or call +46 812 34567 before 12 May!",
    labels: ["email", "phone number", "date"],
  },
  {
    name: "Purchase",
    text: "Globex Foods sold the coffee machine for $250 in June 2021.",
    labels: ["organization", "product", "price", "date"],
  },
];

const TASK: ScreenTask<EngineOf<typeof Extract.load>, Extract.Input, ExtractedEntity[]> = {
  run: Extract.run,
  texts: ({ text }) => [text],
};

export default function ExtractScreen({ place }: ScreenProps) {
  const session = useSession(Extract.load, place);
  const { choice } = session;
  const { text, labels, isFilled, fields } = useTextWithLabels(place, EXAMPLES);
  const [threshold, setThreshold] = useState(thresholdFrom(place.options["threshold"]));
  const input = useMemo(
    () => (isFilled ? { text, labels, threshold } : undefined),
    [isFilled, text, labels, threshold],
  );
  const here: Place = {
    screen: place.screen,
    choice,
    text,
    options: { labels: labels.join(","), ...(threshold === 0.5 ? {} : { threshold: String(threshold) }) },
  };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<TextTitle text={text} />}
      view={({ value, input: { text, labels } }) => {
        const spans = value.map((entity) => ({ ...entity, word: entity.text, entity_group: entity.label }));
        const classes = classesAmong(labels);
        return (
          <>
            <MarkedText text={text} entities={spans} classes={classes} />
            {spans.length > 0 && <FoundTable spans={spans} classes={classes} />}
          </>
        );
      }}
      found={({ value }) => `${value.length} found`}
      note={() =>
        choice?.kind === "bundled"
          ? "A demonstration: trained for minutes on made-up sentences, it knows the kinds of the examples. Model opens a GLiNER of yours."
          : undefined
      }
      hint="Type a text, and name what to look for."
      code={(source) => Extract.code(source, { text, labels, threshold })}
    >
      {fields}
      <div class="options">
        <Threshold value={threshold} onChange={setThreshold} />
      </div>
    </TaskFrame>
  );
}
