// The task "redact": finds personal data in the whole of a text. A token classifier reads it in overlapping windows, rules
// look for what has a form; both see the text in plain characters, and offsets count in the text as given.
import { lazily } from "../../lazy.js";
import { type OptionTable, readOptions } from "../../options.js";
import type { DebertaV2TokenizerFast } from "../../tokenizer/tokenizer-fast.js";
import { asTask, checkText, oneOrMany, type Loaded, type Task } from "../task.js";
import type { TokenClassifierModel } from "../token-classification.js";
import { readTokens, usualStride, type Reading } from "../token-scores.js";
import { aggregate, STRATEGIES, wordsOf, type AggregationStrategy, type Naming } from "../token-spans.js";
import { join, toWholeWords, type Found } from "./join.js";
import { plainForm, type PlainForm } from "./plain-form.js";
import { ruleNames, type RuleName } from "./rule-names.js";

/** Options of `pipeline("redact")` and of its calls. */
export interface RedactionOptions {
  /** Which rules look beside the model: all (default), none, or some of URL, EMAIL, IBAN, MAC, IP, CARD, PHONE. */
  readonly rules?: boolean | readonly string[];
  /** How the model's tokens become spans. Default: "simple". */
  readonly aggregationStrategy?: Exclude<AggregationStrategy, "none">;
  /** The model's labels that are left out. Default: ["O"]. Without "O" in it, each word outside is an entity of its own. */
  readonly ignoreLabels?: readonly string[];
  /** Tokens that neighbouring windows share. Default: a quarter of what the model was made for. */
  readonly stride?: number;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const REDACTION_OPTIONS: OptionTable<RedactionOptions> = {
  rules: "boolean|array",
  aggregationStrategy: STRATEGIES.filter((strategy) => strategy !== "none"),
  ignoreLabels: "array",
  stride: "number",
  signal: "object",
};

/** A piece of personal data. Entities of one text do not overlap, and come in its order. */
export interface PersonalData {
  /** What kind it is: a label of the model, or the name of a rule. */
  readonly entity_group: string;
  /** The model's certainty; 1 for a rule. */
  readonly score: number;
  /** The text from `start` to `end`, as it was given. */
  readonly word: string;
  /** UTF-16 position in the text. */
  readonly start: number;
  /** UTF-16 position after its last unit. */
  readonly end: number;
  /** What found it: the model, or a rule, whose form was checked (of a card or an IBAN its check digits too). */
  readonly source: "model" | "rule";
}

/**
 * What `pipeline("redact")` gives. `redact(text, entities)` makes the redacted text of it.
 *
 * ```ts
 * const find = await pipeline("redact", source);
 * redact(text, await find(text)); // "Call [PERSON] on [PHONE]."
 * ```
 */
export interface Redactor {
  /** One text → its entities, in its order. */
  (text: string, options?: RedactionOptions): Promise<PersonalData[]>;
  /** Several texts → a list for each. */
  (texts: readonly string[], options?: RedactionOptions): Promise<PersonalData[][]>;
}

const OUTSIDE = "O";

/** Makes the task of a loaded token classifier. */
export function redaction<Model extends TokenClassifierModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: RedactionOptions = {},
): Redactor & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;
  const naming: Naming = {
    id2label: model.config.id2label,
    spell: (tokens) => tokenizer.convertTokensToString(tokens),
  };

  async function run(
    input: string | readonly string[],
    options: RedactionOptions = {},
  ): Promise<PersonalData[] | PersonalData[][]> {
    const settings = { ...defaults, ...readOptions("redact", options, REDACTION_OPTIONS) };
    const { rules = true, aggregationStrategy: strategy = "simple", ignoreLabels = [OUTSIDE], signal } = settings;
    const names = ruleNames(rules);
    return oneOrMany<string, PersonalData[]>(input, async (texts) => {
      for (const text of texts) checkText("redact", "the input", text);
      const forms = texts.map(plainForm);
      const [readings, applyRules] = await Promise.all([
        readTokens(
          loaded,
          forms.map(({ text }) => text),
          { stride: settings.stride ?? usualStride(tokenizer), signal },
        ),
        names.length > 0 ? lazily(() => import("./rules.js")).then((rules) => rules.applyRules) : undefined,
      ]);
      return texts.map((text, index) => {
        const form = forms[index]!;
        const byRules: Found[] = (applyRules?.(form.text, names) ?? []).map(({ rule, span: [start, end] }) => ({
          entity_group: rule satisfies RuleName,
          score: 1,
          start,
          end,
          source: "rule",
        }));
        const byModel = personal(form.text, readings[index]!, strategy).filter(
          ({ entity_group: label }) => !ignoreLabels.includes(label),
        );
        const spans = join(form.text, [...byRules, ...byModel]);
        const outside = ignoreLabels.includes(OUTSIDE) ? [] : outsideOf(spans, readings[index]!);
        return [...spans, ...outside].sort((a, b) => a.start - b.start).map((found) => inOriginal(text, form, found));
      });
    });
  }

  function personal(text: string, { windows }: Reading, strategy: Exclude<AggregationStrategy, "none">): Found[] {
    const spans = windows.flatMap((window) => aggregate(window, strategy, naming));
    return spans
      .filter(({ entity_group: label }) => label !== OUTSIDE)
      .map((span) => {
        // A token's span may begin with the space before it.
        const space = /^\s*/.exec(text.slice(span.start, span.end))![0].length;
        const [start, end] = toWholeWords(text, { start: span.start + space, end: span.end });
        return { entity_group: span.entity_group!, score: span.score, start, end, source: "model" as const };
      });
  }

  /** The words that no span touches, each once, with the least certainty that any window has of it. */
  function outsideOf(spans: readonly Found[], { windows }: Reading): Found[] {
    const words = new Map<number, Found>();
    for (const { entity, score, start, end } of windows.flatMap((window) => wordsOf(window, "average", naming))) {
      if (entity !== OUTSIDE || spans.some((span) => span.start < end && start < span.end)) continue;
      const known = words.get(start);
      if (!known || score < known.score)
        words.set(start, { entity_group: OUTSIDE, score, start, end, source: "model" });
    }
    return [...words.values()];
  }

  return asTask(run as Redactor, loaded);
}

function inOriginal(text: string, form: PlainForm, found: Found): PersonalData {
  const space = /^\s*/.exec(form.text.slice(found.start, found.end))![0].length; // a word outside begins with its space
  const [start, end] = form.original(found.start + space, found.end);
  const { entity_group, score, source } = found;
  return { entity_group, score, word: text.slice(start, end), start, end, source };
}
