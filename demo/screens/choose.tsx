// Choose: a beginning, and which of several texts goes on with it.
import type { MultipleChoiceResult } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { percent } from "../format.js";
import { Bar } from "../parts/bar.js";
import { Examples, MainText, Rows, TextTitle } from "../parts/fields.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Choose from "../tasks/multiple-choice.js";
import type { EngineOf } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  {
    name: "Restaurant",
    prompt: "I would like to book a table for two people in San Jose.",
    choices: [
      "What time should I reserve the table for?",
      "Your alarm is set for six o'clock.",
      "The bus leaves at noon from the station.",
    ],
  },
  {
    name: "Weather",
    prompt: "Will it rain in Seattle tomorrow?",
    choices: [
      "I have transferred 200 dollars to your account.",
      "No, it will be sunny with a high of 70 degrees.",
      "Which movie would you like to watch?",
    ],
  },
  {
    name: "Music",
    prompt: "Can you find me a song by Coldplay?",
    choices: [
      "How about Yellow, from the album Parachutes?",
      "There are three flights in the morning.",
      "What is the name of your dentist?",
    ],
  },
];

const TASK: ScreenTask<EngineOf<typeof Choose.load>, Choose.Input, MultipleChoiceResult> = {
  run: Choose.run,
  texts: ({ prompt, choices }) => choices.map((choice) => [prompt, choice] as const),
};

const letterOf = (index: number): string => (index < 26 ? String.fromCharCode(65 + index) : String(index + 1));

export default function ChooseScreen({ place }: ScreenProps) {
  const session = useSession(Choose.load, place);
  const [prompt, setPrompt] = useState(place.text ?? EXAMPLES[0]!.prompt);
  const [choices, setChoices] = useState<readonly string[]>(
    place.options["choices"]?.split("\n") ?? EXAMPLES[0]!.choices,
  );
  const input = useMemo(
    () => (prompt.trim() === "" || choices.some((choice) => choice.trim() === "") ? undefined : { prompt, choices }),
    [prompt, choices],
  );
  const here: Place = {
    screen: place.screen,
    choice: session.choice,
    text: prompt,
    options: { choices: choices.join("\n") },
  };
  const bestOf = ({ scores }: MultipleChoiceResult): number => scores.indexOf(Math.max(...scores));

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<TextTitle text={prompt} />}
      view={({ value, input: { choices } }) => (
        <table class="scores lettered" aria-label="Scores">
          <thead class="visually-hidden">
            <tr>
              <th scope="col">Choice</th>
              <th scope="col">Score</th>
            </tr>
          </thead>
          <tbody>
            {choices.map((choice, index) => (
              <tr key={index} data-score={value.scores[index]} class={index === bestOf(value) ? "best" : undefined}>
                <th scope="row" class="wrap" dir="auto">
                  <span class="letter">{letterOf(index)}</span> {choice}
                </th>
                <td>
                  <Bar score={value.scores[index]!} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      found={({ value }) => `${letterOf(bestOf(value))}: ${percent(Math.max(...value.scores))}`}
      code={(source) => Choose.code(source, { prompt, choices })}
    >
      <MainText value={prompt} onChange={setPrompt} rows={3} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.prompt === prompt}
        choose={(example) => {
          setPrompt(example.prompt);
          setChoices(example.choices);
        }}
      />
      <Rows legend="How it may go on" name="Choice" rows={choices} onChange={setChoices} least={2} />
    </TaskFrame>
  );
}
