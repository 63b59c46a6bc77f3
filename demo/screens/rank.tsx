// Rank: documents in the order in which they fit a query, each with the place it had.
import type { Ranked } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { Bar } from "../parts/bar.js";
import { Examples, PlainTitle, Rows, TextLine } from "../parts/fields.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Rank from "../tasks/rank.js";
import type { Input } from "../tasks/rerank.js";
import type { EngineOf } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  {
    name: "Help pages",
    query: "how do i get my money back",
    documents: [
      "You can change your address in the settings.",
      "Cards are sent within five working days.",
      "A refund reaches your account three days after you ask for it.",
      "We never ask for your password by phone.",
    ],
  },
  {
    name: "Economics",
    query: "why do prices rise",
    documents: [
      "A monopoly is a market with a single seller.",
      "When demand is greater than supply, a good becomes more expensive.",
      "Unemployment counts people who look for work.",
    ],
  },
];

const TASK: ScreenTask<EngineOf<typeof Rank.load>, Input, Ranked[]> = {
  run: Rank.run,
  texts: ({ query, documents }) => [query, ...documents],
};

export default function RankScreen({ place }: ScreenProps) {
  const session = useSession(Rank.load, place);
  const [query, setQuery] = useState(place.text ?? EXAMPLES[0]!.query);
  const [documents, setDocuments] = useState<readonly string[]>(
    place.options["documents"]?.split("\n") ?? EXAMPLES[0]!.documents,
  );
  const input = useMemo(
    () => (query.trim() === "" || documents.some((text) => text.trim() === "") ? undefined : { query, documents }),
    [query, documents],
  );
  const here: Place = {
    screen: place.screen,
    choice: session.choice,
    text: query,
    options: { documents: documents.join("\n") },
  };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<PlainTitle>Query and documents</PlainTitle>}
      view={({ value }) => (
        <table class="scores lettered" aria-label="Ranking">
          <thead class="visually-hidden">
            <tr>
              <th scope="col">Document</th>
              <th scope="col">Score</th>
            </tr>
          </thead>
          <tbody>
            {value.map(({ index, document, score }, place) => (
              <tr key={index} data-score={score} class={place === 0 ? "best" : undefined}>
                <th scope="row" class="wrap" dir="auto">
                  <span class="letter">{place + 1}</span> {document}{" "}
                  {place !== index && <span class="quiet">was {index + 1}</span>}
                </th>
                <td>
                  <Bar score={Math.max(0, score)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      found={({ value }) => `First: document ${value[0]!.index + 1}, ${value[0]!.score.toFixed(3)}`}
      note={() =>
        session.model.status === "ready" && session.model.pipe.byVectors
          ? "By the cosine of sentence vectors. A cross-encoder, which you can load with Model, judges better."
          : undefined
      }
      code={(source) => Rank.code(source, { query, documents })}
    >
      <TextLine label="Query" value={query} onChange={setQuery} />
      <Rows legend="Documents" name="Document" rows={documents} onChange={setDocuments} least={1} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.query === query}
        choose={(example) => {
          setQuery(example.query);
          setDocuments(example.documents);
        }}
      />
    </TaskFrame>
  );
}
