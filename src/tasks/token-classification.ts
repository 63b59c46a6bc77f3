// Token classification: labels of tokens, or spans put together from them. Long texts run as overlapping windows (`stride`)
// or are cut, as in Transformers' pipeline; a result says when its text was cut.
import { type OptionTable, readOptions } from "../options.js";
import { markCut } from "./cut.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { asTask, checkText, oneOrMany, type Loaded, type Task } from "./task.js";
import { readTokens, type TokenClassifierModel } from "./token-scores.js";
import { aggregate, STRATEGIES, type AggregationStrategy, type Entity } from "./token-spans.js";

export type { TokenClassifierModel } from "./token-scores.js";
export type { AggregationStrategy, Entity } from "./token-spans.js";

/** Options of `pipeline("token-classification")` and of its calls. */
export interface TokenClassificationOptions {
  /** How tokens become spans. Default: "none". */
  readonly aggregationStrategy?: AggregationStrategy;
  /** Labels that are left out. Default: ["O"]. */
  readonly ignoreLabels?: readonly string[];
  /** Tokens that neighbouring windows of a long text share; without it, a long text is cut. */
  readonly stride?: number;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const TOKEN_CLASSIFICATION_OPTIONS: OptionTable<TokenClassificationOptions> = {
  aggregationStrategy: STRATEGIES,
  ignoreLabels: "array",
  stride: "number",
  signal: "object",
};

/**
 * What `pipeline("token-classification")` gives.
 *
 * ```ts
 * await tag("I am Ada.", { aggregationStrategy: "simple" }); // [{ entity_group: "PERSON", word: "Ada", start: 5, end: 8, … }]
 * ```
 */
export interface TokenClassifier {
  /** One text → its tokens or spans, without `ignoreLabels`. */
  (text: string, options?: TokenClassificationOptions): Promise<Entity[]>;
  /** Several texts → a list for each. */
  (texts: readonly string[], options?: TokenClassificationOptions): Promise<Entity[][]>;
}

export function tokenClassification<Model extends TokenClassifierModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: TokenClassificationOptions = {},
): TokenClassifier & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;
  const naming = {
    id2label: model.config.id2label,
    spell: (tokens: string[]) => tokenizer.convertTokensToString(tokens),
  };

  async function run(
    input: string | readonly string[],
    options: TokenClassificationOptions = {},
  ): Promise<Entity[] | Entity[][]> {
    const settings = {
      ...defaults,
      ...readOptions("token-classification", options, TOKEN_CLASSIFICATION_OPTIONS),
    };
    const { aggregationStrategy: strategy = "none", ignoreLabels = ["O"] } = settings;
    if (settings.stride !== undefined && settings.aggregationStrategy === "none")
      throw new RangeError('stride puts spans of windows together: it needs an aggregationStrategy other than "none"');
    if (Array.isArray(input) && input.length === 0)
      throw new RangeError("token-classification: at least one text is needed");
    return oneOrMany<string, Entity[]>(input, async (texts) => {
      for (const text of texts) checkText("token-classification", "the input", text);
      const readings = await readTokens(loaded, texts, settings);
      return readings.map(({ windows, readTo, isCut }) => {
        const found = windows.map((window) =>
          aggregate(window, strategy, naming).filter(
            ({ entity, entity_group: group }) => !ignoreLabels.includes(group ?? entity!),
          ),
        );
        const entities = found.length === 1 ? found[0]! : withoutOverlaps(found.flat());
        return isCut ? markCut(entities, readTo) : entities;
      });
    });
  }

  return asTask(run as TokenClassifier, loaded);
}

/** Of spans that overlap, from neighbouring windows, the longer one stays; of equal ones the more certain. */
function withoutOverlaps(entities: readonly Entity[]): Entity[] {
  const kept: Entity[] = [];
  for (const entity of [...entities].sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1);
    if (!last || entity.start >= last.end) kept.push(entity);
    else if (
      entity.end - entity.start > last.end - last.start ||
      (sameLength(entity, last) && entity.score > last.score)
    )
      kept[kept.length - 1] = entity;
  }
  return kept;
}

const sameLength = (a: Entity, b: Entity): boolean => a.end - a.start === b.end - b.start;
