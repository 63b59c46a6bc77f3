// Classify: a text, the labels a model gives it, and how sure it is of each.
import type { Classification } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { counted, percent } from "../format.js";
import { examplesOf } from "../models.js";
import { Examples, MainText, Segmented, TextTitle } from "../parts/fields.js";
import { ScoreTable } from "../parts/score-table.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import type { EngineOf } from "../tasks/task.js";
import * as TextClassification from "../tasks/text-classification.js";
import { useSession } from "../use-session.js";

interface Input {
  readonly text: string;
  readonly scores: TextClassification.Scores;
}

const SCORES: Record<TextClassification.Scores, string> = {
  auto: "Automatic",
  softmax: "One label",
  sigmoid: "Several",
};

const TASK: ScreenTask<EngineOf<typeof TextClassification.load>, Input, Classification[]> = {
  run: (pipe, { text, scores }, signal) => TextClassification.run(pipe, text, scores, signal),
  texts: ({ text }) => [text],
};

export default function Classify({ place }: ScreenProps) {
  const session = useSession(TextClassification.load, place);
  const { choice } = session;
  const examples = examplesOf(choice);
  const [typed, setText] = useState(place.text);
  const [scores, setScores] = useState<TextClassification.Scores>(asScores(place.options["scores"]));
  const text = typed ?? examples[0]!.text; // until something is typed, each model shows its own example
  const input = useMemo(() => (text.trim() === "" ? undefined : { text, scores }), [text, scores]);
  const here: Place = { screen: place.screen, choice, text, options: scores === "auto" ? {} : { scores } };
  const unsureBelow = (choice?.kind === "bundled" && choice.model.unsureBelow) || 0;

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<TextTitle text={text} />}
      view={({ value }) => (
        <>
          {value.length === 2 && <Verdict best={value[0]!} />}
          <ScoreTable labels={value} />
        </>
      )}
      found={({ value }) => `${value[0]!.label}: ${percent(value[0]!.score)} of ${counted(value.length, "label")}`}
      note={({ value }) => {
        if (value[0]!.score < unsureBelow) return "The model is unsure: none of its labels may fit.";
        return choice?.kind === "bundled" ? "A small model, English only. It makes mistakes." : undefined;
      }}
      code={(source) => TextClassification.code(source, text, scores)}
    >
      <MainText value={text} onChange={setText} />
      <Examples
        examples={examples}
        isChosen={(example) => example.text === text}
        choose={(example) => setText(example.text)}
      />
      <div class="options">
        <Segmented
          name="scores"
          legend="Scores"
          values={SCORES}
          value={scores}
          onChange={(value) => setScores(asScores(value))}
        />
      </div>
    </TaskFrame>
  );
}

/** Of a model with two labels, a guard for one, the answer in words first. */
const Verdict = ({ best }: { best: Classification }) => (
  <p class="verdict">
    <strong>{best.label}</strong>, {percent(best.score)} sure
  </p>
);

const asScores = (value: string | undefined): TextClassification.Scores =>
  value === "softmax" || value === "sigmoid" ? value : "auto";
