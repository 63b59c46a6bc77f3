// Zero-shot: a text and labels of the visitor's own.
import type { ZeroShotResult } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { counted, percent } from "../format.js";
import { TextLine, TextTitle, Tick } from "../parts/fields.js";
import { ScoreTable } from "../parts/score-table.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import { useTextWithLabels } from "../parts/text-with-labels.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import type { EngineOf } from "../tasks/task.js";
import * as ZeroShot from "../tasks/zero-shot.js";
import { useSession } from "../use-session.js";

const TEMPLATE = "This text is about {}.";

const EXAMPLES = [
  {
    name: "Refund",
    text: "please refund the second payment, i was charged twice",
    labels: ["refund", "lost card", "weather", "travel"],
  },
  {
    name: "Recipe",
    text: "how long do i need to boil potatoes",
    labels: ["cooking", "music", "insurance", "sports"],
  },
  {
    name: "Flight",
    text: "my plane to rome is two hours late",
    labels: ["flight status", "hotel booking", "bank account", "alarm"],
  },
];

const TASK: ScreenTask<EngineOf<typeof ZeroShot.load>, ZeroShot.Input, ZeroShotResult> = {
  run: ZeroShot.run,
  texts: ({ text, labels, hypothesisTemplate }) =>
    labels.map((label) => [text, hypothesisTemplate.replace("{}", () => label)] as const),
};

export default function ZeroShotScreen({ place }: ScreenProps) {
  const session = useSession(ZeroShot.load, place);
  const { choice } = session;
  const { text, labels, isFilled, fields } = useTextWithLabels(place, EXAMPLES);
  const [several, setSeveral] = useState(place.options["several"] === "yes");
  const [template, setTemplate] = useState(place.options["template"] ?? TEMPLATE);
  const input = useMemo(
    (): ZeroShot.Input | undefined =>
      isFilled ? { text, labels, multiLabel: several, hypothesisTemplate: template } : undefined,
    [isFilled, text, labels, several, template],
  );
  const here: Place = {
    screen: place.screen,
    choice,
    text,
    options: {
      labels: labels.join(","),
      ...(several ? { several: "yes" } : {}),
      ...(template === TEMPLATE ? {} : { template }),
    },
  };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<TextTitle text={text} />}
      view={({ value: { labels, scores } }) => (
        <ScoreTable labels={labels.map((label, index) => ({ label, score: scores[index]! }))} best={!several} />
      )}
      found={({ value }) => `${value.labels[0]!}: ${percent(value.scores[0]!)}`}
      note={({ tokens }) => {
        const longest = Math.max(...tokens);
        const read = tokens.reduce((sum, length) => sum + length, 0);
        return `One packed batch of ${counted(tokens.length, "pair")}: ${read} tokens read, ${longest * tokens.length - read} of padding saved.`;
      }}
      code={(source) => ZeroShot.code(source, { text, labels, multiLabel: several, hypothesisTemplate: template })}
    >
      {fields}
      <div class="options">
        <TextLine label="Statement, {} is the label" value={template} onChange={setTemplate} />
        <Tick checked={several} onChange={setSeveral}>
          Several may hold
        </Tick>
      </div>
    </TaskFrame>
  );
}
