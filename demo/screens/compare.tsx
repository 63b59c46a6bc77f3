// Compare: how near some texts are to each other, as a table of cosines, the nearest pair named.
import { useMemo, useState } from "preact/hooks";
import { Examples, PlainTitle, Rows } from "../parts/fields.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Similarity from "../tasks/similarity.js";
import type { EngineOf } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  {
    name: "Bank",
    texts: ["my card was stolen", "someone took my credit card", "what is my account balance", "play some jazz"],
  },
  {
    name: "Travel",
    texts: ["book a flight to rome", "i need a plane ticket to italy", "is my train late", "how do i cook rice"],
  },
];

/** [texts, texts] cosines. */
type Table = number[][];

const TASK: ScreenTask<EngineOf<typeof Similarity.load>, readonly string[], Table> = {
  run: Similarity.run,
  texts: (texts) => texts,
};

export default function Compare({ place }: ScreenProps) {
  const session = useSession(Similarity.load, place);
  const [texts, setTexts] = useState<readonly string[]>(place.text?.split("\n") ?? EXAMPLES[0]!.texts);
  const input = useMemo(() => (texts.some((text) => text.trim() === "") ? undefined : texts), [texts]);
  const here: Place = { screen: place.screen, choice: session.choice, text: texts.join("\n"), options: {} };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<PlainTitle>Texts</PlainTitle>}
      view={({ value, input: texts }) => <CosineTable cosines={value} texts={texts} />}
      found={({ value }) => {
        const [a, b] = nearest(value);
        return `Nearest: ${a + 1} and ${b + 1}, ${value[a]![b]!.toFixed(3)}`;
      }}
      note={() => "Cosine of the texts’ vectors: 1 for the same direction, about 0 for nothing in common."}
      code={(source) => Similarity.code(source, texts)}
    >
      <Rows legend="One text a row" name="Text" rows={texts} onChange={setTexts} least={2} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.texts.join("\n") === texts.join("\n")}
        choose={(example) => setTexts(example.texts)}
      />
    </TaskFrame>
  );
}

function CosineTable({ cosines, texts }: { cosines: Table; texts: readonly string[] }) {
  const [a, b] = nearest(cosines);
  const isNearest = (row: number, column: number): boolean =>
    Math.min(row, column) === a && Math.max(row, column) === b;
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="Similarity">
      <table class="cosines" aria-label="Similarity">
        <thead>
          <tr>
            <td />
            {texts.map((_, index) => (
              <th key={index} scope="col">
                {index + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cosines.map((row, index) => (
            <tr key={index}>
              <th scope="row" class="wrap" dir="auto">
                <span class="letter">{index + 1}</span> {texts[index]}
              </th>
              {row.map((cosine, column) => (
                <td
                  key={column}
                  data-cell={`${index},${column}`}
                  class={isNearest(index, column) ? "nearest number" : "number"}
                  style={{ "--score": String(Math.max(0, cosine)) }}
                >
                  {cosine.toFixed(2)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The two different texts with the largest cosine. */
function nearest(cosines: Table): [number, number] {
  let best: [number, number] = [0, 1];
  for (let a = 0; a < cosines.length; a++)
    for (let b = a + 1; b < cosines.length; b++) if (cosines[a]![b]! > cosines[best[0]]![best[1]]!) best = [a, b];
  return best;
}
