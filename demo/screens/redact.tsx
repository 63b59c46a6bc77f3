// Redact: personal data marked in a text, and the text without it.
import type { PersonalData } from "deberta-webgpu";
import { useMemo, useState } from "preact/hooks";
import { counted, percent } from "../format.js";
import { CopyButton } from "../parts/copy-button.js";
import { Examples, MainText, Segmented, TextTitle, Threshold, thresholdFrom } from "../parts/fields.js";
import { FoundTable } from "../parts/found-table.js";
import { MarkedText } from "../parts/marked-text.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Redact from "../tasks/redact.js";
import type { EngineOf } from "../tasks/task.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  {
    name: "Support mail",
    text: "Hi, this is Martha Oyelaran from Brightwater Clinic. My card 4417 1234 5678 9113 was charged twice on 12 March, the second time for £86.20. Please call me on +44 20 7946 0812 or write to martha.o@brightwater.example.\n\nI live at 18 Larch Close, Leeds, and I am at home after five. Thank you!",
  },
  {
    name: "Doctor’s note",
    text: "Patient Samuel Ortiz, seen on 4 May 2024 by Dr. Helen Park at St. Mary's Hospital in Boston. Follow-up next Tuesday at 9:30 am. Contact: his wife Ana, (617) 867-5309.",
  },
  {
    name: "Chat log",
    text: "tom: did you get the transfer? iban DE89 3704 0044 0532 0130 00\nlena: yes! 250 euros. my new address is www.lena-paints.com, mail me at lena＠paints．com\ntom: will do. meet at 7 pm in Berlin?",
  },
  { name: "Nothing private", text: "The price of a good rises when demand is greater than supply." },
];

const REPLACEMENTS: Record<Redact.Replacement, string> = {
  label: "[PERSON]",
  numbered: "[PERSON 1]",
  block: "█████",
  remove: "nothing",
};

const TASK: ScreenTask<EngineOf<typeof Redact.load>, string, Redact.Found> = {
  run: Redact.run,
  texts: (text) => [text],
};

const isPersonal = ({ entity_group: label }: PersonalData): boolean => label !== "O";
const keyOf = ({ start, end }: PersonalData): string => `${start}-${end}`;

export default function RedactScreen({ place }: ScreenProps) {
  const session = useSession(Redact.load, place);
  const [text, setText] = useState(place.text ?? EXAMPLES[0]!.text);
  const [threshold, setThreshold] = useState(thresholdFrom(place.options["threshold"]));
  const [replacement, setReplacement] = useState(replacementFrom(place.options["replace"]));
  const [shown, setShown] = useState<"marked" | "redacted">("marked");
  // Spans that stay as they are, of one text; another text begins anew.
  const [kept, setKept] = useState<{ of: string; keys: readonly string[] }>({ of: "", keys: [] });
  const here: Place = {
    screen: place.screen,
    choice: session.choice,
    text,
    options: {
      ...(threshold === 0.5 ? {} : { threshold: String(threshold) }),
      ...(replacement === "label" ? {} : { replace: replacement }),
    },
  };
  const input = useMemo(() => (text.trim() === "" ? undefined : text), [text]);

  const foundIn = (all: readonly PersonalData[]): PersonalData[] =>
    all.filter((entity) => isPersonal(entity) && entity.score >= threshold);
  const isTicked = (of: string, entity: PersonalData): boolean => kept.of !== of || !kept.keys.includes(keyOf(entity));
  const toggle = (of: string, entity: PersonalData): void => {
    const before = kept.of === of ? kept.keys : [];
    const key = keyOf(entity);
    setKept({ of, keys: before.includes(key) ? before.filter((other) => other !== key) : [...before, key] });
  };
  const redacted = (of: string, { entities, replaced }: Redact.Found): string =>
    replaced(
      foundIn(entities).filter((entity) => isTicked(of, entity)),
      replacement,
    );

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      inputTitle={<TextTitle text={text} />}
      head={({ value, input: of }) => (
        <>
          <Segmented
            name="shown"
            legend="Show"
            hidden
            values={{ marked: "Marked", redacted: "Redacted" }}
            value={shown}
            onChange={setShown}
          />
          <span class="push">
            <CopyButton text={redacted(of, value)} label="Copy redacted" />
          </span>
        </>
      )}
      view={({ value, input: of }) => {
        const entities = foundIn(value.entities);
        return (
          <>
            {shown === "marked" ? (
              <MarkedText
                text={of}
                entities={entities}
                isTicked={(entity) => isTicked(of, entity)}
                onToggle={(entity) => toggle(of, entity)}
              />
            ) : (
              <p class="marked redacted" dir="auto">
                {redacted(of, value)}
              </p>
            )}
            {entities.length > 0 ? (
              <FoundTable
                spans={entities}
                before={{
                  title: "Replace",
                  cell: (entity) => (
                    <input
                      type="checkbox"
                      checked={isTicked(of, entity)}
                      aria-label={`Replace ${entity.word}`}
                      onChange={() => toggle(of, entity)}
                    />
                  ),
                }}
                certainty={({ source }) => (source === "rule" ? BY_RULE : undefined)}
              />
            ) : (
              <p class="nothing">{nothingFound(value.entities)}</p>
            )}
          </>
        );
      }}
      found={({ value }) => `${foundIn(value.entities).length} found`}
      note={() => "A small model. It misses things: read the result before you share it."}
      code={(source) => Redact.code(source, text, threshold, replacement)}
    >
      <MainText value={text} onChange={setText} rows={9} />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.text === text}
        choose={(example) => setText(example.text)}
      />
      <div class="options">
        <Threshold value={threshold} onChange={setThreshold} />
        <Segmented
          name="replacement"
          legend="Replace with"
          values={REPLACEMENTS}
          value={replacement}
          onChange={setReplacement}
        />
      </div>
    </TaskFrame>
  );
}

const BY_RULE = (
  <span class="quiet" title="Found by a rule that checks its form">
    by its form
  </span>
);

/** What to say of a text without personal data: the word of which the model was least sure. */
function nothingFound(all: readonly PersonalData[]): string {
  const words = all.filter((entity) => !isPersonal(entity));
  const least = words.reduce<PersonalData | undefined>((a, b) => (a && a.score <= b.score ? a : b), undefined);
  return least
    ? `Nothing found. Least certain: “${least.word}”, ${percent(least.score)} not personal.`
    : `Nothing found above the threshold, ${counted(all.length, "candidate")} below it.`;
}

const replacementFrom = (option: string | undefined): Redact.Replacement =>
  option !== undefined && Object.hasOwn(REPLACEMENTS, option) ? (option as Redact.Replacement) : "label";
