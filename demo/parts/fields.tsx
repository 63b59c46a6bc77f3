// Fields of the input cards: texts, examples to click, one of several, rows to add and remove.
import type { ComponentChildren } from "preact";
import { counted } from "../format.js";
import type { Example } from "../models.js";
import { Cross, Plus } from "./icons.js";

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
}

/** The heading of a screen with one text; the label of its field. */
export const TextTitle = ({ text, label = "Text" }: { text: string; label?: string }) => (
  <>
    <h2 id="input-title">
      <label for="text">{label}</label>
    </h2>
    <span class="quiet">{counted(text.length, "character")}</span>
  </>
);

export const PlainTitle = ({ children }: { children: string }) => <h2 id="input-title">{children}</h2>;

/** The field of TextTitle. */
export const MainText = ({ value, onChange, rows = 7 }: Omit<TextFieldProps, "label">) => (
  <textarea
    id="text"
    dir="auto"
    rows={rows}
    spellcheck={false}
    value={value}
    onInput={(event) => onChange(event.currentTarget.value)}
  />
);

/** A text with a label of its own. */
export const TextArea = ({ label, value, onChange, rows = 5 }: TextFieldProps) => (
  <label class="field">
    <span>{label}</span>
    <textarea
      dir="auto"
      rows={rows}
      spellcheck={false}
      value={value}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  </label>
);

export const TextLine = ({ label, value, onChange }: Omit<TextFieldProps, "rows">) => (
  <label class="field">
    <span>{label}</span>
    <input dir="auto" value={value} onInput={(event) => onChange(event.currentTarget.value)} />
  </label>
);

export function Examples<Item extends Pick<Example, "name">>(props: {
  examples: readonly Item[];
  isChosen: (example: Item) => boolean;
  choose: (example: Item) => void;
}) {
  return (
    <div class="chips" role="group" aria-label="Examples">
      {props.examples.map((example) => (
        <button
          key={example.name}
          type="button"
          class="chip"
          aria-pressed={props.isChosen(example)}
          onClick={() => props.choose(example)}
        >
          {example.name}
        </button>
      ))}
    </div>
  );
}

/** Radio buttons side by side. */
export function Segmented<Value extends string>(props: {
  name: string;
  legend: string;
  hidden?: boolean;
  values: Readonly<Record<Value, ComponentChildren>>;
  value: Value;
  onChange: (value: Value) => void;
}) {
  return (
    <fieldset class="choice">
      <legend class={props.hidden ? "visually-hidden" : undefined}>{props.legend}</legend>
      <div class="segmented">
        {(Object.entries(props.values) as [Value, ComponentChildren][]).map(([value, words]) => (
          <label key={value}>
            <input
              type="radio"
              name={props.name}
              checked={props.value === value}
              onChange={() => props.onChange(value)}
            />
            {words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export const Tick = ({
  checked,
  onChange,
  children,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ComponentChildren;
}) => (
  <label class="tick">
    <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} /> {children}
  </label>
);

/** The score from which on something counts, 0 to 1. */
export function Threshold({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const words = `${Math.round(value * 100)} %`;
  return (
    <label class="slider">
      <span>Threshold</span>
      <output class="quiet number">{words}</output>
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        value={value * 100}
        aria-valuetext={words}
        aria-label="Threshold"
        onInput={(event) => onChange(event.currentTarget.valueAsNumber / 100)}
      />
    </label>
  );
}

/** What a link says of it. */
export function thresholdFrom(option: string | undefined): number {
  const value = Number(option ?? 0.5);
  return value >= 0 && value <= 1 ? value : 0.5;
}

/** Lines of text, each with a button that removes it, and one that adds another. */
export function Rows(props: {
  legend: string;
  /** The name of one row: "Document". */
  name: string;
  rows: readonly string[];
  onChange: (rows: readonly string[]) => void;
  least: number;
}) {
  const { rows, name } = props;
  const put = (index: number, row: string): void => props.onChange(rows.map((old, at) => (at === index ? row : old)));
  return (
    <fieldset class="rows">
      <legend>{props.legend}</legend>
      {rows.map((row, index) => (
        <div class="row" key={index}>
          <textarea
            dir="auto"
            rows={1}
            aria-label={`${name} ${index + 1}`}
            value={row}
            onInput={(event) => put(index, event.currentTarget.value)}
          />
          <button
            type="button"
            class="button square"
            aria-label={`Remove ${name.toLowerCase()} ${index + 1}`}
            disabled={rows.length <= props.least}
            onClick={() => props.onChange(rows.filter((_, at) => at !== index))}
          >
            <Cross />
          </button>
        </div>
      ))}
      <button type="button" class="button" onClick={() => props.onChange([...rows, ""])}>
        <Plus /> Add {name.toLowerCase()}
      </button>
    </fieldset>
  );
}
