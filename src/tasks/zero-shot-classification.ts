// Zero-shot classification: a model of textual entailment judges "text → This example is {label}." for every label. All
// pairs of all texts run in one packed batch. Transformers' pipeline is the model for options and results.
import type { DebertaV2Config } from "../model/deberta/config.js";
import { type OptionTable, readOptions } from "../options.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { pythonFormat } from "./python-format.js";
import { softmax } from "./scores.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task } from "./task.js";
import type { SequenceClassifier } from "./text-classification.js";

/** Options of `pipeline("zero-shot-classification")` and of its calls. */
export interface ZeroShotOptions {
  /** The hypothesis, a template of Python's `str.format`: `{}` stands for the label. Default: "This example is {}." */
  readonly hypothesisTemplate?: string;
  /** Whether several labels may hold: each is then judged by itself (entailment against contradiction). */
  readonly multiLabel?: boolean;
  /** GLiClass (whose `multiLabel` is true by default, and which has no hypotheses): scores from this on count. Default: all do. */
  readonly threshold?: number;
  /** GLiClass: said before the text. */
  readonly prompt?: string;
  /** GLiClass: texts with their labels, shown to the model. */
  readonly examples?: readonly {
    /** The example. */
    readonly text: string;
    /** Its labels, of those that are asked for. */
    readonly labels: readonly string[];
  }[];
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const ZERO_SHOT_OPTIONS: OptionTable<ZeroShotOptions> = {
  hypothesisTemplate: "string",
  multiLabel: "boolean",
  threshold: "any",
  prompt: "any",
  examples: "array",
  signal: "object",
};

/** Labels with their scores, best first. */
export interface ZeroShotResult {
  /** The text. */
  readonly sequence: string;
  /** Best first. */
  readonly labels: string[];
  /** One for each label, 0 to 1; they add up to 1 unless `multiLabel`. */
  readonly scores: number[];
}

/** Labels by groups, for GLiClass: `{ tone: ["formal", "casual"] }` gives "tone.formal" and "tone.casual". */
export type LabelTree = readonly string[] | { readonly [group: string]: LabelTree };

/** A list, or one text with commas between labels. For GLiClass also groups, or a list for each text. */
export type ZeroShotLabels = string | LabelTree | readonly (readonly string[])[];

/**
 * What `pipeline("zero-shot-classification")` gives.
 *
 * ```ts
 * const { labels } = await classify("The train is late again.", ["travel", "food"]);
 * ```
 */
export interface ZeroShotClassifier {
  /** One text → its labels with scores. */
  (text: string, labels: ZeroShotLabels, options?: ZeroShotOptions): Promise<ZeroShotResult>;
  /** Several texts → a result for each. */
  (texts: readonly string[], labels: ZeroShotLabels, options?: ZeroShotOptions): Promise<ZeroShotResult[]>;
}

interface EntailmentModel extends SequenceClassifier {
  readonly config: Pick<DebertaV2Config, "id2label" | "label2id" | "problemType">;
}

export function zeroShotClassification<Model extends EntailmentModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: ZeroShotOptions = {},
): ZeroShotClassifier & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;
  async function run(
    input: string | readonly string[],
    candidates: ZeroShotLabels,
    options: ZeroShotOptions = {},
  ): Promise<ZeroShotResult | ZeroShotResult[]> {
    const settings = { ...defaults, ...readOptions("zero-shot-classification", options, ZERO_SHOT_OPTIONS) };
    const { hypothesisTemplate = "This example is {}.", multiLabel = false, signal } = settings;
    for (const name of ["threshold", "prompt", "examples"] as const)
      if (settings[name] !== undefined) throw new TypeError(`zero-shot-classification: ${name} is for GLiClass models`);
    const labels = labelsOf(candidates);
    const hypotheses = labels.map((label) => pythonFormat(hypothesisTemplate, label));
    if (hypotheses[0] === hypothesisTemplate)
      throw new TypeError(`hypothesisTemplate "${hypothesisTemplate}" has no {} where the label goes`);

    return oneOrMany(input, async (texts) => {
      for (const text of texts) {
        checkText("zero-shot-classification", "the input", text);
        if (text === "") throw new RangeError("zero-shot-classification: a text is empty");
      }
      const pairs = texts.flatMap((text) => hypotheses.map((hypothesis) => encodePair(text, hypothesis)));
      const { logits } = await model.forward(modelInputs(pairs), signal ? { signal } : {});
      const width = logits.shape.at(-1)!; // logits: [texts × labels, width]
      const row = (index: number): Float32Array => logits.data.subarray(index * width, (index + 1) * width);
      return texts.map((sequence, text) => {
        const rows = labels.map((_, label) => row(text * labels.length + label));
        const scores = multiLabel || labels.length === 1 ? rows.map(ownScore) : softmax(rows.map(entailment));
        // Of equal scores the later label comes first, as in Transformers.
        const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || b - a);
        return { sequence, labels: order.map((at) => labels[at]!), scores: order.map((at) => scores[at]!) };
      });
    });
  }

  /** The text is cut where both are too long; a hypothesis that fills the window by itself is left whole. */
  function encodePair(text: string, hypothesis: string) {
    const whole = tokenizer.encode(text, hypothesis);
    const excess = whole.ids.length - tokenizer.modelMaxLength;
    const inText = whole.sequenceIds.filter((sequence) => sequence === 0).length;
    return excess <= 0 || inText <= excess ? whole : tokenizer.encode(text, hypothesis, { truncation: "only_first" });
  }

  const entailmentId = [...model.config.label2id].find(([name]) => name.toLowerCase().startsWith("entail"))?.[1];
  const entailment = (row: Float32Array): number => row[entailmentId ?? row.length - 1]!;
  const contradiction = (row: Float32Array): number => row[entailmentId === 0 ? row.length - 1 : 0]!;
  const ownScore = (row: Float32Array): number => softmax([contradiction(row), entailment(row)])[1]!;

  return asTask(run as ZeroShotClassifier, loaded);
}

function labelsOf(candidates: unknown): string[] {
  const labels: unknown[] = typeof candidates === "string" ? candidates.split(",") : (candidates as unknown[]);
  if (!Array.isArray(labels))
    throw new TypeError("zero-shot-classification: labels must be a list of texts, or one text");
  const texts = labels.map((label) => {
    checkText("zero-shot-classification", "a label", label);
    return typeof candidates === "string" ? label.trim() : label;
  });
  const given = typeof candidates === "string" ? texts.filter(Boolean) : texts;
  if (given.length === 0) throw new RangeError("zero-shot-classification: there must be at least one label");
  return given;
}
