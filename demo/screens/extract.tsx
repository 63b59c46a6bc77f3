// Extract: a text, kinds of things that the visitor names, and where the text tells of them.
import type { ExtractedEntity } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { classesAmong, wordsOf } from "../entity-kinds.js";
import { Bar } from "../parts/bar.js";
import { Examples, MainText, TextTitle, Threshold, thresholdFrom } from "../parts/fields.js";
import { Labels } from "../parts/labels.js";
import { MarkedText } from "../parts/marked-text.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
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
  const [text, setText] = useState(place.text ?? EXAMPLES[0]!.text);
  const [labels, setLabels] = useState<readonly string[]>(
    place.options["labels"]?.split(",").filter(Boolean) ?? EXAMPLES[0]!.labels,
  );
  const [threshold, setThreshold] = useState(thresholdFrom(place.options["threshold"]));
  const input = useMemo(
    () => (text.trim() === "" || labels.length === 0 ? undefined : { text, labels, threshold }),
    [text, labels, threshold],
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
      view={({ value, input: { text, labels } }) => (
        <>
          <MarkedText
            text={text}
            entities={value.map((entity) => ({ ...entity, entity_group: entity.label }))}
            classes={classesAmong(labels)}
          />
          {value.length > 0 && <FoundTable entities={value} classes={classesAmong(labels)} />}
        </>
      )}
      found={({ value }) => `${value.length} found`}
      note={() =>
        choice?.kind === "bundled"
          ? "A demonstration: trained for minutes on made-up sentences, it knows the kinds of the examples. Model opens a GLiNER of yours."
          : undefined
      }
      hint="Type a text, and name what to look for."
      code={(source) => Extract.code(source, { text, labels, threshold })}
    >
      <MainText value={text} onChange={setText} rows={4} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.text === text}
        choose={(example) => {
          setText(example.text);
          setLabels(example.labels);
        }}
      />
      <Labels labels={labels} onChange={setLabels} />
      <div class="options">
        <Threshold value={threshold} onChange={setThreshold} />
      </div>
    </TaskFrame>
  );
}

function FoundTable(props: { entities: readonly ExtractedEntity[]; classes: (label: string) => string }) {
  return (
    <table class="found" aria-label="Found spans">
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Text</th>
          <th scope="col">Kind</th>
          <th scope="col">Score</th>
        </tr>
      </thead>
      <tbody>
        {props.entities.map(({ text, label, score, start, end }) => (
          <tr key={`${start}-${end}-${label}`}>
            <td class="wrap" dir="auto">
              {text}
            </td>
            <td>
              <span class={`kind ${props.classes(label)}`}>{wordsOf(label)}</span>
            </td>
            <td>
              <span class="score">
                <Bar score={score} />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
