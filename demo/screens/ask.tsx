// Ask: a question, a text, and the words of the text that answer it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted, percent } from "../format.js";
import { Bar } from "../parts/bar.js";
import { Examples, PlainTitle, TextArea, TextLine } from "../parts/fields.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Ask from "../tasks/question-answering.js";
import type { EngineOf } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  {
    name: "Refund",
    question: "When was the card charged?",
    context: "Hi, my card was charged twice on 12 March for the same room. I would like the second payment back.",
  },
  {
    name: "Table",
    question: "How many people will come?",
    context: "I need a table at Luigi's for four people tomorrow at 7 pm, near the window if possible.",
  },
  {
    name: "No answer",
    question: "What is the phone number?",
    context: "The bus leaves from Union Station at 9:15 in the morning and the ticket costs 30 dollars.",
  },
];

type Found = Awaited<ReturnType<typeof Ask.run>>;

const TASK: ScreenTask<EngineOf<typeof Ask.load>, Ask.Input, Found> = {
  run: Ask.run,
  texts: ({ question, context }) => [[question, context]],
};

export default function AskScreen({ place }: ScreenProps) {
  const session = useSession(Ask.load, place);
  const { choice } = session;
  const [question, setQuestion] = useState(place.options["question"] ?? EXAMPLES[0]!.question);
  const [context, setContext] = useState(place.text ?? EXAMPLES[0]!.context);
  const input = useMemo(
    () => (question.trim() === "" || context.trim() === "" ? undefined : { question, context }),
    [question, context],
  );
  const here: Place = { screen: place.screen, choice, text: context, options: { question } };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<PlainTitle>Question and text</PlainTitle>}
      view={({ value: { answers }, input: { context } }) => (
        <>
          <AnswerInText
            context={context}
            start={answers[0]!.end - answers[0]!.answer.trimStart().length} // a token's span includes the space before it
            end={answers[0]!.end}
          />
          <table class="scores" aria-label="Answers">
            <thead class="visually-hidden">
              <tr>
                <th scope="col">Answer</th>
                <th scope="col">Score</th>
              </tr>
            </thead>
            <tbody>
              {answers.map(({ answer, score, start, end }, index) => (
                <tr key={`${start}-${end}`} data-score={score} class={index === 0 ? "best" : undefined}>
                  <th scope="row" class="wrap" dir="auto">
                    {answer === "" ? <em>no answer</em> : answer.trim()}
                  </th>
                  <td>
                    <Bar score={score} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      found={({ value: { answers } }) => `${answers[0]!.answer || "No answer"}: ${percent(answers[0]!.score)}`}
      note={({ value: { windows } }) =>
        windows > 1
          ? `A long text: read in ${counted(windows, "window")} that overlap.`
          : choice?.kind === "bundled"
            ? "A small model for short messages, not for an encyclopedia."
            : undefined
      }
      code={(source) => Ask.code(source, { question, context })}
    >
      <TextLine label="Question" value={question} onChange={setQuestion} />
      <TextArea label="Context" value={context} onChange={setContext} rows={7} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.context === context && example.question === question}
        choose={(example) => {
          setQuestion(example.question);
          setContext(example.context);
        }}
      />
    </TaskFrame>
  );
}

/** The text with the answer marked, scrolled to it. */
function AnswerInText({ context, start, end }: { context: string; start: number; end: number }) {
  const mark = useRef<HTMLElement>(null);
  useEffect(() => mark.current?.scrollIntoView({ block: "nearest" }), [start, end]);
  if (end === start)
    return (
      <p class="marked scrolls" dir="auto" tabIndex={0}>
        {context}
      </p>
    );
  return (
    <p class="marked scrolls" dir="auto" tabIndex={0}>
      {context.slice(0, start)}
      <mark ref={mark} class="e1 solid" data-start={start} data-end={end}>
        {context.slice(start, end)}
      </mark>
      {context.slice(end)}
    </p>
  );
}
