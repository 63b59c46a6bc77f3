// The labels that a caller gives: a text, a list, names with descriptions, or one of these for every text.
import { kindOf } from "../task.js";

/** Labels of one text: names, or names with what stands for them in the prompt. */
export type Labels = readonly string[] | Readonly<Record<string, string>>;

/** Labels as the task takes them. */
export type LabelInput = string | Labels | readonly Labels[];

/** What goes into the prompt, and what comes out in results: the same list where labels have no descriptions. */
export interface CheckedLabels {
  readonly prompts: readonly string[];
  readonly names: readonly string[];
}

/** Labels for each of `count` texts. @throws TypeError or RangeError before any work */
export function checkLabels(task: string, labels: unknown, count: number): CheckedLabels[] {
  if (isPerText(labels)) {
    if (labels.length !== count) throw new RangeError(`${task}: ${labels.length} lists of labels for ${count} texts`);
    return labels.map((each) => labelsOf(task, each));
  }
  const same = labelsOf(task, labels);
  return Array.from({ length: count }, () => same);
}

const isPerText = (labels: unknown): labels is readonly unknown[] =>
  Array.isArray(labels) && labels.length > 0 && labels.every((each) => typeof each === "object" && each !== null);

function labelsOf(task: string, labels: unknown): CheckedLabels {
  if (typeof labels === "string" || Array.isArray(labels)) {
    const names = [...new Set([labels].flat().map((label: unknown) => textOf(task, label)))];
    return { prompts: names, names };
  }
  if (typeof labels !== "object" || labels === null)
    throw new TypeError(`${task}: labels must be texts or names with descriptions, not ${kindOf(labels)}`);
  const names = Object.keys(labels);
  const prompts = names.map((name) => textOf(task, (labels as Record<string, unknown>)[name]));
  const twice = prompts.find((prompt, index) => prompts.indexOf(prompt) < index);
  if (twice !== undefined)
    throw new RangeError(`${task}: two labels have the description ${JSON.stringify(twice)}: they must differ`);
  return { prompts, names };
}

function textOf(task: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${task}: a label must be a text, not ${kindOf(value)}`);
  return value;
}
