// Fill: a text with [MASK], and what may stand there; with the paper's mask decoder and without it side by side.
import type { Filling } from "deberta-webgpu";
import { useMemo, useRef, useState } from "preact/hooks";
import { counted, percent } from "../format.js";
import { Bar } from "../parts/bar.js";
import { Examples, MainText, TextTitle, Tick } from "../parts/fields.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Fill from "../tasks/fill-mask.js";
import type { EngineOf, LoadArguments } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const MASK = "[MASK]";

const EXAMPLES = [
  { name: "Table", text: "I would like to book a [MASK] for two people." },
  { name: "Movie", text: "What [MASK] does the movie start?" },
  { name: "Clinic", text: "The clinic [MASK] my card twice." },
  { name: "Two masks", text: "Can you [MASK] me the [MASK] of the restaurant?" },
];

type Pipe = EngineOf<typeof Fill.load>;

/** The checkpoint as it is, and without its mask decoder where both were asked for. */
interface Both extends Pick<Pipe, "model" | "tokenizer"> {
  readonly whole: Pipe;
  readonly plain: Pipe | undefined;
  dispose(): Promise<void>;
}

interface Result {
  readonly whole: Filling[][];
  readonly plain: Filling[][] | undefined;
}

const TASK: ScreenTask<Both, string, Result> = {
  async run({ whole, plain }, text, signal) {
    const filled = await Fill.run(whole, text, signal);
    return { whole: filled, plain: plain && (await Fill.run(plain, text, signal)) };
  },
  texts: (text) => [text],
};

async function loadBoth(withPlain: boolean, ...from: LoadArguments): Promise<Both> {
  const whole = await Fill.load(...from);
  const plain = withPlain ? await Fill.loadPlain(...from) : undefined;
  const dispose = async (): Promise<void> => {
    await Promise.all([whole.dispose(), plain?.dispose()]);
  };
  return { whole, plain, model: whole.model, tokenizer: whole.tokenizer, dispose };
}

const LOADS = { whole: loadBoth.bind(undefined, false), both: loadBoth.bind(undefined, true) };

export default function FillScreen({ place }: ScreenProps) {
  const [compare, setCompare] = useState(place.options["compare"] === "yes");
  const session = useSession(compare ? LOADS.both : LOADS.whole, place);
  const [text, setText] = useState(place.text ?? EXAMPLES[0]!.text);
  const input = useMemo(() => (text.includes(MASK) ? text : undefined), [text]);
  const card = useRef<HTMLDivElement>(null);
  const here: Place = {
    screen: place.screen,
    choice: session.choice,
    text,
    options: compare ? { compare: "yes" } : {},
  };
  /** Puts a mask where the cursor is. */
  const insert = (): void => {
    const field = card.current?.parentElement?.querySelector("textarea");
    const [from, to] = field ? [field.selectionStart, field.selectionEnd] : [text.length, text.length];
    setText(`${text.slice(0, from)}${MASK}${text.slice(to)}`);
    field?.focus();
  };
  /** Puts a filling in the place of one mask. */
  const fillIn = (mask: number, word: string): void => {
    const parts = text.split(MASK);
    setText(parts.slice(0, mask + 1).join(MASK) + word.trim() + parts.slice(mask + 1).join(MASK));
  };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<TextTitle text={text} />}
      view={({ value: { whole, plain } }) => (
        <div class="fillings">
          {whole.map((fillings, mask) => (
            <FillingTable
              key={mask}
              title={whole.length > 1 ? `Mask ${mask + 1}` : "Fillings"}
              fillings={fillings}
              before={plain?.[mask]}
              choose={(word) => fillIn(mask, word)}
            />
          ))}
        </div>
      )}
      found={({ value: { whole } }) =>
        whole.map(([best]) => `${best!.token_str.trim()}: ${percent(best!.score)}`).join(", ")
      }
      note={() => "It knows phrases, not facts. A click puts a word into the text."}
      hint="Put [MASK] where a word is to be guessed."
      code={(source) => Fill.code(source, text, true)}
    >
      <MainText value={text} onChange={setText} rows={4} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.text === text}
        choose={(example) => setText(example.text)}
      />
      <div class="options" ref={card}>
        <button type="button" class="button" onClick={insert}>
          Insert [MASK]
        </button>
        <Tick checked={compare} onChange={setCompare}>
          Compare with the mask decoder off
        </Tick>
      </div>
    </TaskFrame>
  );
}

function FillingTable(props: {
  title: string;
  fillings: readonly Filling[];
  /** Without the mask decoder. */
  before: readonly Filling[] | undefined;
  choose: (word: string) => void;
}) {
  const { title, fillings, before } = props;
  return (
    <table class="scores" aria-label={title}>
      <caption>{title}</caption>
      <tbody>
        {fillings.map(({ token, token_str: word, score }, index) => (
          <tr key={token} data-score={score} class={index === 0 ? "best" : undefined}>
            <th scope="row">
              <button type="button" class="link-button" onClick={() => props.choose(word)}>
                {word.trim() === "" ? "(space)" : word}
              </button>{" "}
              {before && (
                <span class="quiet">
                  {moved(
                    before.findIndex((other) => other.token === token),
                    index,
                  )}
                </span>
              )}
            </th>
            <td>
              <Bar score={score} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How the decoder moved a word, in words. */
function moved(from: number, to: number): string {
  if (from === -1) return "new with the decoder";
  if (from === to) return "same place";
  return from > to ? `up ${counted(from - to, "place")}` : `down ${counted(to - from, "place")}`;
}
