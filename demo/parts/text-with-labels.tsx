// A text and labels that the visitor names: the fields of Zero-shot and Extract, with examples that fill in both.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { Example } from "../models.js";
import type { Place } from "../place.js";
import { Examples, MainText } from "./fields.js";
import { Labels } from "./labels.js";

export interface LabelledExample extends Example {
  readonly labels: readonly string[];
}

export interface TextWithLabels {
  readonly text: string;
  /** The same array while nothing changes. */
  readonly labels: readonly string[];
  /** Whether there is a text, and a label for it. */
  readonly isFilled: boolean;
  readonly fields: VNode;
}

/** Begins with what the link says, else with the first example. */
export function useTextWithLabels(place: Place, examples: readonly LabelledExample[]): TextWithLabels {
  const [text, setText] = useState(place.text ?? examples[0]!.text);
  const [labels, setLabels] = useState<readonly string[]>(
    place.options["labels"]?.split(",").filter(Boolean) ?? examples[0]!.labels,
  );
  const fields = (
    <>
      <MainText value={text} onChange={setText} rows={4} />
      <Examples
        examples={examples}
        isChosen={(example) => example.text === text}
        choose={(example) => {
          setText(example.text);
          setLabels(example.labels);
        }}
      />
      <Labels labels={labels} onChange={setLabels} />
    </>
  );
  return { text, labels, isFilled: text.trim() !== "" && labels.length > 0, fields };
}
