// Zero-shot classification by GLiClass: all labels stand in the prompt, one run a text. Options are the library's in camelCase, results
// those of zero-shot classification.
import type { Source } from "../../checkpoint/source.js";
import { CheckpointError } from "../../errors.js";
import type { Opened } from "../../model/extraction/base-model.js";
import { GLiClassModel, openGliclass } from "../../model/extraction/gliclass.js";
import { GLICLASS_CONFIG, type GliclassConfig } from "../../model/extraction/gliclass-config.js";
import { LSTM_OPTIONS, type LstmOptions } from "../../model/extraction/lstm-layer.js";
import { pick, readOptions } from "../../options.js";
import { TOKENIZER_OPTIONS, type TokenizerOptions } from "../../tokenizer/settings.js";
import { DebertaV2TokenizerFast, FAST_TOKENIZER_OPTIONS } from "../../tokenizer/tokenizer-fast.js";
import { softmax } from "../scores.js";
import { type LoadedParts, OF_LOADED, shareLoaded } from "../loaded-parts.js";
import { asTask, checkText, kindOf, type Loaded, loadTogether, oneOrMany, type Task } from "../task.js";
import {
  ZERO_SHOT_OPTIONS,
  type ZeroShotClassifier,
  type ZeroShotLabels,
  type ZeroShotOptions,
  type ZeroShotResult,
} from "../zero-shot-classification.js";
import { checkThreshold } from "./entity-extraction.js";
import { probability } from "./spans.js";

const TASK = "zero-shot-classification";
/** Tokens of an input, as the library cuts it. */
const MAX_LENGTH = 1024;
const [LABEL, SEPARATOR, EXAMPLE] = ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"];

/** `pipeline("zero-shot-classification")` of a folder whose config.json says "GLiClass". */
export async function gliclassClassifier(
  source: Source,
  given: LstmOptions & TokenizerOptions & ZeroShotOptions,
): Promise<ZeroShotClassifier & Task<GLiClassModel, DebertaV2TokenizerFast>> {
  const all = { ...LSTM_OPTIONS, ...TOKENIZER_OPTIONS, ...ZERO_SHOT_OPTIONS };
  const options = readOptions<LstmOptions & TokenizerOptions & ZeroShotOptions>(TASK, given, all);
  const { signal, ...defaults } = options;
  const opened = await openGliclass(source, options);
  const loaded = await loadTogether(
    (either) => GLiClassModel.load(opened, { ...options, signal: either }),
    (either) => tokenizerOf(opened, { ...options, signal: either }),
    signal,
  );
  return gliclassClassification(loaded, pick(defaults, ZERO_SHOT_OPTIONS));
}

/** `pipeline("zero-shot-classification")` over a loaded GLiClass. */
export function gliclassClassifierOf(
  from: LoadedParts,
  given: ZeroShotOptions,
): ZeroShotClassifier & Task<GLiClassModel, DebertaV2TokenizerFast> {
  const { signal, ...defaults } = readOptions(OF_LOADED, given, ZERO_SHOT_OPTIONS);
  signal?.throwIfAborted();
  return gliclassClassification(shareLoaded(from, GLiClassModel), defaults);
}

async function tokenizerOf(
  { config: gliclass, base }: Opened<GliclassConfig>,
  options: LstmOptions,
): Promise<DebertaV2TokenizerFast> {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(base.tokenizer, pick(options, FAST_TOKENIZER_OPTIONS));
  const id = tokenizer.convertTokensToIds(LABEL);
  if (id !== gliclass.classTokenIndex)
    throw new CheckpointError(
      `${GLICLASS_CONFIG}: class_token_index is ${gliclass.classTokenIndex}, the tokenizer's id of ${LABEL} is ${id}`,
    );
  return tokenizer;
}

function gliclassClassification(
  loaded: Loaded<GLiClassModel, DebertaV2TokenizerFast>,
  defaults: ZeroShotOptions,
): ZeroShotClassifier & Task<GLiClassModel, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;

  async function run(
    input: string | readonly string[],
    candidates: ZeroShotLabels,
    options: ZeroShotOptions = {},
  ): Promise<ZeroShotResult | ZeroShotResult[]> {
    const settings = { ...defaults, ...readOptions(TASK, options, ZERO_SHOT_OPTIONS) };
    const { multiLabel = true, threshold, prompt = "", examples = [], signal } = settings;
    if (settings.hypothesisTemplate !== undefined) throw new TypeError(`${TASK}: GLiClass models have no hypotheses`);
    checkThreshold(TASK, threshold);
    checkText(TASK, "prompt", prompt);
    const shown = examples.map(({ text, labels }) => `${EXAMPLE}${text} \nLabels:\n ${labels.join(", ")}`).join("");
    const behind = shown === "" ? "" : shown + SEPARATOR;
    return oneOrMany(input, async (texts) => {
      for (const text of texts) checkText(TASK, "the input", text);
      const perText = labelsFor(candidates, texts.length);
      const encodings = texts.map((text, index) => {
        const head = `${perText[index]!.map((label) => LABEL + label).join("")}${SEPARATOR}${prompt}`;
        const whole = model.gliclass.promptFirst ? head + text + behind : text + head + behind;
        return tokenizer.encode(whole, undefined, { truncation: true, maxLength: MAX_LENGTH });
      });
      const { logits } = await model.forward(
        { inputIds: encodings.map(({ ids }) => ids), labelCounts: perText.map(({ length }) => length) },
        signal ? { signal } : {},
      );
      const columns = logits.shape[1]!;
      return texts.map((sequence, index) => {
        const labels = perText[index]!;
        const own = logits.data.subarray(index * columns, index * columns + labels.length);
        const scores = multiLabel ? Array.from(own, probability) : softmax(own);
        const order = [...scores.keys()]
          .filter((at) => threshold === undefined || scores[at]! >= threshold)
          .sort((a, b) => scores[b]! - scores[a]! || a - b);
        return { sequence, labels: order.map((at) => labels[at]!), scores: order.map((at) => scores[at]!) };
      });
    });
  }
  return asTask(run as ZeroShotClassifier, loaded);
}

/** The labels of each text. @throws TypeError or RangeError before any work */
function labelsFor(candidates: unknown, count: number): readonly (readonly string[])[] {
  if (Array.isArray(candidates) && candidates.length > 0 && candidates.every((each) => Array.isArray(each))) {
    if (candidates.length !== count)
      throw new RangeError(`${TASK}: ${candidates.length} lists of labels for ${count} texts`);
    return candidates.map((each) => checked(each));
  }
  const split = (text: string) =>
    text
      .split(",")
      .map((label) => label.trim())
      .filter(Boolean);
  const same = checked(typeof candidates === "string" ? split(candidates) : flat(candidates));
  return Array.from({ length: count }, () => same);
}

function checked(labels: readonly unknown[]): string[] {
  if (labels.length === 0) throw new RangeError(`${TASK}: there must be at least one label`);
  for (const label of labels) checkText(TASK, "a label", label);
  return labels as string[];
}

function flat(tree: unknown, before = ""): string[] {
  if (Array.isArray(tree))
    return tree.map((label: unknown) => {
      checkText(TASK, "a label", label);
      return before + label;
    });
  if (typeof tree !== "object" || tree === null)
    throw new TypeError(`${TASK}: labels must be a list of texts, or one text, not ${kindOf(tree)}`);
  return Object.entries(tree).flatMap(([group, below]) => flat(below, `${before}${group}.`));
}
