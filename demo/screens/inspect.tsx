// Inspect: one text, all heads, and for the chosen one what its attention is made of.
import { useEffect, useMemo, useState } from "preact/hooks";
import { counted, percent } from "../format.js";
import { changes, distanceCurve, factsOf, reasonsOf, sharesOf, TERMS, type Head } from "../inspection.js";
import { Examples, MainText, Segmented, TextTitle, Tick } from "../parts/fields.js";
import { HeadGrid, type HeadPlace } from "../parts/inspect/head-grid.js";
import { Changes, Curve, Legend, TERM_WORDS, Why } from "../parts/inspect/figures.js";
import { MatrixView, type Cell } from "../parts/inspect/matrix.js";
import { TaskFrame, type ScreenTask } from "../parts/task-frame.js";
import type { Place } from "../place.js";
import type { ScreenProps } from "../screens.js";
import * as Inspect from "../tasks/inspect.js";
import { useSession } from "../use-session.js";

const EXAMPLES = [
  { name: "Clinic", text: "The clinic charged my card twice, so please call me back about the refund." },
  { name: "Table", text: "I would like to book a table for two people tomorrow at seven." },
  { name: "Prices", text: "The price of a good rises when demand is greater than supply." },
];

const TASK: ScreenTask<Inspect.Pipe, Inspect.Input, Inspect.Inspection> = {
  run: Inspect.run,
  texts: ({ text }) => [text],
};

export default function InspectScreen({ place }: ScreenProps) {
  const [decoder, setDecoder] = useState(place.options["decoder"] === "yes");
  const session = useSession<Inspect.Pipe>(decoder ? Inspect.loadDecoder : Inspect.load, place);
  const [text, setText] = useState(place.text ?? EXAMPLES[0]!.text);
  const [window, setWindow] = useState(0);
  const [chosen, choose] = useState<HeadPlace>(placeFrom(place.options["head"]));
  const config = session.model.status === "ready" ? session.model.pipe.model.config : undefined;
  const layer = !config || Inspect.wholeModel(config) ? 0 : chosen.layer;
  const input = useMemo(() => (text.trim() === "" ? undefined : { text, window, layer }), [text, window, layer]);
  const here: Place = {
    screen: place.screen,
    choice: session.choice,
    text,
    options: { head: `${chosen.layer + 1}.${chosen.head + 1}`, ...(decoder ? { decoder: "yes" } : {}) },
  };

  return (
    <TaskFrame
      here={here}
      session={session}
      task={TASK}
      input={input}
      wide
      inputTitle={<TextTitle text={text} />}
      view={({ value }) => (
        <>
          {value.windows > 1 && (
            <Segmented
              name="window"
              legend={`A long text: which ${Inspect.WINDOW} tokens`}
              values={Object.fromEntries(Array.from({ length: value.windows }, (_, at) => [at, at + 1]))}
              value={String(window)}
              onChange={(at) => setWindow(Number(at))}
            />
          )}
          <Inspection inspection={value} chosen={chosen} choose={choose} buckets={config?.positionBuckets ?? 0} />
        </>
      )}
      found={({ value }) => `${value.tokens.length} tokens`}
      code={(source) => Inspect.code(source, text)}
    >
      <MainText
        value={text}
        onChange={(next) => {
          setText(next);
          setWindow(0);
        }}
        rows={2}
      />
      <Examples
        examples={EXAMPLES}
        isChosen={(example) => example.text === text}
        choose={(example) => setText(example.text)}
      />
      {(decoder || (config && Inspect.fillsMasks(config))) && (
        <Tick checked={decoder} onChange={setDecoder}>
          Mask decoder: its two passes, D1 and D2, in place of the last layer
        </Tick>
      )}
    </TaskFrame>
  );
}

function Inspection(props: {
  inspection: Inspect.Inspection;
  chosen: HeadPlace;
  choose: (place: HeadPlace) => void;
  buckets: number;
}) {
  const { inspection, chosen, choose, buckets } = props;
  const tokens = useMemo(() => inspection.tokens.map(readable), [inspection]);
  const [reading, setReading] = useState(Math.min(5, tokens.length - 1));
  const [focus, setFocus] = useFading<Cell>();
  const row = Math.min(reading, tokens.length - 1);
  const place = {
    layer: Math.min(chosen.layer, inspection.attentions.length - 1),
    head: Math.min(chosen.head, (inspection.attentions.find(({ heads }) => heads)?.heads?.length ?? 1) - 1),
  };
  const attending = inspection.attentions[place.layer]!;
  const head = attending.heads?.[place.head];
  const turned = useMemo(() => changes(inspection.states, tokens.length), [inspection]);
  if (!head) return null; // another layer is being computed
  const from = focus?.row ?? row;
  const to = focus?.column ?? strongest(head, row);
  const caption = `${tokens[from]} → ${tokens[to]} ${percent(head.attention[from * head.size + to]!)}`;
  return (
    <div class="inspect">
      <section aria-labelledby="tokens-title" class="panel">
        <h3 id="tokens-title">Tokens</h3>
        <p class="quiet">Choose the reading token. Shade: how much it attends to each other token.</p>
        <div class="tokens" role="radiogroup" aria-label="Reading token">
          {tokens.map((token, index) => (
            <label
              key={index}
              class={focus && (focus.row === index || focus.column === index) ? "token linked" : "token"}
              style={{ "--share": String(head.attention[row * head.size + index]! / largestOf(head, row)) }}
              onPointerEnter={() => setFocus({ row, column: index })}
            >
              <input type="radio" name="token" checked={index === row} onChange={() => setReading(index)} />
              {token}
            </label>
          ))}
        </div>
      </section>
      <div class="panels">
        <section aria-labelledby="heads-title" class="panel heads">
          <h3 id="heads-title">
            Heads <span class="quiet">{rowsOf(inspection)}</span>
          </h3>
          <HeadGrid attentions={inspection.attentions} chosen={place} onChoose={choose} />
          <Legend />
          <p class="quiet">Bar below each head: share of each term in the scores.</p>
          <FactList head={head} />
        </section>
        <section aria-labelledby="head-title" class="panel">
          <div class="panel-head">
            <h3 id="head-title">
              {attending.title}, head {place.head + 1}
            </h3>
            <span class="quiet caption">{caption}</span>
          </div>
          <Matrices head={head} tokens={tokens} row={row} focus={focus} setFocus={setFocus} choose={setReading} />
          <RowTable head={head} tokens={tokens} row={row} />
        </section>
      </div>
      <div class="panels three">
        <section aria-labelledby="why-title" class="panel">
          <h3 id="why-title">Why “{tokens[row]}” looks there</h3>
          <Why reasons={reasonsOf(head, row)} tokens={tokens} />
          <p class="quiet">Score above the row’s mean, split in its three terms.</p>
        </section>
        <section aria-labelledby="curve-title" class="panel">
          <h3 id="curve-title">
            Distance curve <span class="quiet">mean over all tokens</span>
          </h3>
          <Curve points={distanceCurve(head)} buckets={buckets} />
        </section>
        <section aria-labelledby="change-title" class="panel">
          <h3 id="change-title">
            Change per layer <span class="quiet">1 − cosine to the layer before</span>
          </h3>
          <Changes
            changes={turned}
            names={inspection.attentions.map(({ name, isPass }) => (isPass ? name : `layer ${name}`))}
            token={row}
            word={tokens[row]!}
          />
          <p class="quiet">Coloured: “{tokens[row]}”. Grey: the text’s median.</p>
        </section>
      </div>
    </div>
  );
}

function Matrices(props: {
  head: Head;
  tokens: readonly string[];
  row: number;
  focus: Cell | undefined;
  setFocus: (cell: Cell | undefined) => void;
  choose: (row: number) => void;
}) {
  const { head, tokens, row, focus } = props;
  const size = head.size;
  const most = Math.max(...head.attention);
  const scale = Math.max(...TERMS.map((term) => head.terms[term].reduce((a, b) => Math.max(a, Math.abs(b)), 0)));
  const shared = { size, tokens, chosen: row, focus, onFocus: props.setFocus, onChoose: props.choose };
  return (
    <>
      <div class="matrices">
        <figure>
          <figcaption>
            <strong>Attention</strong> <span class="quiet">softmax of the sum</span>
          </figcaption>
          <MatrixView
            {...shared}
            values={head.attention}
            kind="attention"
            scale={most}
            label={`Attention of ${size} tokens to each other, at most ${percent(most)}`}
          />
        </figure>
        {TERMS.map((term) => (
          <figure key={term}>
            <figcaption>
              <span class={`swatch ${term}`} /> <strong>{TERM_WORDS[term]}</strong>{" "}
              <span class="quiet">{MEANING[term]}</span>
            </figcaption>
            <MatrixView
              {...shared}
              values={head.terms[term]}
              kind={term}
              scale={scale}
              label={`${TERM_WORDS[term]}: ${MEANING[term]}`}
            />
          </figure>
        ))}
      </div>
      <p class="matrix-key quiet">
        <span>
          Attention <span class="ramp" /> 0 … {percent(most)}
        </span>
        <span>Terms, row-centred: filled raises, hollow lowers, largest {scale.toFixed(1)}</span>
      </p>
    </>
  );
}

const MEANING = { c2c: "which words match", c2p: "word asks for a distance", p2c: "word answers to a distance" };

function FactList({ head }: { head: Head }) {
  const { entropy, reach, contentAlone } = factsOf(head);
  const shares = sharesOf(head);
  return (
    <dl class="facts">
      <dt>Entropy, of uniform</dt>
      <dd>{Math.round(100 * entropy)} %</dd>
      <dt>Mean reach</dt>
      <dd>{reach.toFixed(1)} tokens</dd>
      <dt>Content alone explains</dt>
      <dd>{Math.round(100 * contentAlone)} %</dd>
      <dt>Shares</dt>
      <dd>{TERMS.map((term) => shares[term]).join(" · ")} %</dd>
    </dl>
  );
}

/** The chosen token's row in numbers; drawn when it is opened. */
function RowTable({ head, tokens, row }: { head: Head; tokens: readonly string[]; row: number }) {
  const [open, setOpen] = useState(false);
  const at = row * head.size;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open && (
        <div class="scrolls" tabIndex={0} role="region" aria-label="Row as a table">
          <table class="numbers" aria-label={`What ${tokens[row]!} looks at`}>
            <thead>
              <tr>
                <th scope="col">Token</th>
                <th scope="col">Attention</th>
                {TERMS.map((term) => (
                  <th scope="col" key={term}>
                    {TERM_WORDS[term]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {tokens.map((token, column) => (
                <tr key={column}>
                  <th scope="row">{token}</th>
                  <td data-cell={`${row},${column}`}>{percent(head.attention[at + column]!)}</td>
                  {TERMS.map((term) => (
                    <td key={term}>{head.terms[term][at + column]!.toFixed(2)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

const FADES_AFTER = 500; // ms

/** A value that goes away by itself a while after it was cleared. */
function useFading<Value>(): [Value | undefined, (value: Value | undefined) => void] {
  const [value, setValue] = useState<Value>();
  const [cleared, setCleared] = useState(0);
  useEffect(() => {
    if (cleared === 0) return;
    const timer = setTimeout(() => setValue(undefined), FADES_AFTER);
    return () => clearTimeout(timer);
  }, [cleared]);
  const set = (next: Value | undefined): void => {
    if (next === undefined) setCleared((count) => count + 1);
    else {
      setCleared(0);
      setValue(next);
    }
  };
  return [value, set];
}

/** "4 layers × 3", "3 layers, 2 passes × 3" */
function rowsOf({ attentions }: Inspect.Inspection): string {
  const layers = attentions.filter(({ isPass }) => !isPass).length;
  const passes = attentions.length - layers;
  const columns = attentions.find(({ heads }) => heads)!.heads!.length;
  return `${counted(layers, "layer")}${passes > 0 ? `, ${passes} passes` : ""} × ${columns}`;
}

const readable = (token: string): string => token.replace(/^▁/, "") || "▁";

const rowOf = ({ attention, size }: Head, row: number): Float32Array =>
  attention.subarray(row * size, (row + 1) * size);
const largestOf = (head: Head, row: number): number => Math.max(...rowOf(head, row)) || 1;
const strongest = (head: Head, row: number): number => rowOf(head, row).indexOf(Math.max(...rowOf(head, row)));

function placeFrom(option: string | undefined): HeadPlace {
  const [, layer, head] = /^(\d{1,3})\.(\d{1,3})$/.exec(option ?? "") ?? [];
  return layer === undefined
    ? { layer: 1, head: 0 }
    : { layer: Math.max(0, Number(layer) - 1), head: Math.max(0, Number(head) - 1) };
}
