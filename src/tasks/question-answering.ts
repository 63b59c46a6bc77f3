// Question answering: the span of a context that answers a question. Long contexts run as overlapping windows in one packed
// batch. Options, scores and the putting together of equal answers are those of Transformers' pipeline; the best spans are
// found in O(N · longest answer), and the answer is a slice of the context.
import type { Tensor } from "../model/outputs.js";
import { type OptionTable, readOptions } from "../options.js";
import type { Encoding } from "../tokenizer/encoding.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { softmax } from "./scores.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task, type TaskModel } from "./task.js";

/** A question and the text to look in. */
export interface QuestionAnsweringInput {
  /** Not empty. */
  readonly question: string;
  /** Of any length; not empty. */
  readonly context: string;
}

/** Options of `pipeline("question-answering")` and of its calls. */
export interface QuestionAnsweringOptions {
  /** How many answers, best first. Default: 1. */
  readonly topK?: number;
  /** Tokens that neighbouring windows share. Default: half a window, at most 128. */
  readonly docStride?: number;
  /** Tokens of a window, question and special tokens included. Default: what the model was made for, at most 384. */
  readonly maxSeqLen?: number;
  /** Taken for Transformers' sake; its fast tokenizer ignores it too. */
  readonly maxQuestionLen?: number;
  /** Tokens of the longest answer. Default: 15. */
  readonly maxAnswerLen?: number;
  /** Whether "no answer" (an empty text) may win. */
  readonly handleImpossibleAnswer?: boolean;
  /** Whether answers are widened to whole words. Default: true. */
  readonly alignToWords?: boolean;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const QUESTION_ANSWERING_OPTIONS: OptionTable<QuestionAnsweringOptions> = {
  topK: "number",
  docStride: "number",
  maxSeqLen: "number",
  maxQuestionLen: "number",
  maxAnswerLen: "number",
  handleImpossibleAnswer: "boolean",
  alignToWords: "boolean",
  signal: "object",
};

/** A stretch of the context. */
export interface Answer {
  /** Product of the probabilities of its start and its end, summed over equal answers. */
  readonly score: number;
  /** UTF-16 position of its first unit in the context. */
  readonly start: number;
  /** UTF-16 position after its last unit. */
  readonly end: number;
  /** The context from `start` to `end`; empty for "no answer". */
  readonly answer: string;
}

/**
 * What `pipeline("question-answering")` gives.
 *
 * ```ts
 * const { answer } = await ask({ question: "Who painted it?", context });
 * ```
 */
export interface QuestionAnswerer {
  /** One answer where there is one, else a list, best first. */
  (input: QuestionAnsweringInput, options: QuestionAnsweringOptions & { topK: number }): Promise<Answer | Answer[]>;
  /** The best answer. */
  (input: QuestionAnsweringInput, options?: QuestionAnsweringOptions): Promise<Answer>;
  /** Several questions → for each what it would give alone. */
  (inputs: readonly QuestionAnsweringInput[], options?: QuestionAnsweringOptions): Promise<(Answer | Answer[])[]>;
}

/** What the task asks of a DebertaV2ForQuestionAnswering. */
export interface QuestionAnsweringModel extends TaskModel {
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][] },
    options: { signal?: AbortSignal },
  ): Promise<{ startLogits: Tensor; endLogits: Tensor }>;
}

/** Where something lies in the context, in UTF-16 units. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** A candidate: a stretch of the context with the product of both probabilities. */
interface Span extends Place {
  readonly score: number;
}

export function questionAnswering<Model extends QuestionAnsweringModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: QuestionAnsweringOptions = {},
): QuestionAnswerer & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;

  async function run(
    input: QuestionAnsweringInput | readonly QuestionAnsweringInput[],
    options: QuestionAnsweringOptions = {},
  ): Promise<Answer | Answer[] | (Answer | Answer[])[]> {
    const settings = { ...defaults, ...readOptions("question-answering", options, QUESTION_ANSWERING_OPTIONS) };
    const { topK = 1, maxAnswerLen = 15, handleImpossibleAnswer = false, alignToWords = true, signal } = settings;
    checkPositive("topK", topK);
    checkPositive("maxAnswerLen", maxAnswerLen);
    // Aligning to words makes equal answers of different spans: some more candidates are needed.
    const candidates = alignToWords ? topK * 2 + 10 : topK;

    return oneOrMany<QuestionAnsweringInput, Answer | Answer[]>(input, async (given) => {
      const inputs = given.map(checkInput);
      const windows = inputs.map((each) => windowsOf(each, settings));
      const { startLogits, endLogits } = await model.forward(modelInputs(windows.flat()), signal ? { signal } : {});
      let row = 0;
      return inputs.map(({ context }, index) => {
        const answers: { score: number; start: number; end: number; answer: string }[] = [];
        let impossible = 1e6;
        for (const window of windows[index]!) {
          // As in Transformers, a [CLS] that was typed takes part in the softmax.
          const allowed = window.ids.map((id, at) => window.sequenceIds[at] === 1 || id === tokenizer.clsTokenId);
          const starts = probabilities(startLogits, row, allowed);
          const ends = probabilities(endLogits, row++, allowed);
          impossible = Math.min(impossible, starts[0]! * ends[0]!);
          const places = window.ids.map((_, at) =>
            at > 0 && allowed[at] ? placeOf(window, at, alignToWords) : undefined,
          );
          for (const span of bestSpans(starts, ends, places, maxAnswerLen, candidates)) {
            const { start, end } = span;
            const answer = context.slice(start, end);
            const same = answers.find((known) => known.answer.toLowerCase() === answer.toLowerCase());
            if (same) same.score += span.score;
            else answers.push({ score: span.score, start, end, answer });
          }
        }
        if (answers.length === 0) answers.push({ score: 0, start: 0, end: 0, answer: "" }); // a context without tokens
        if (handleImpossibleAnswer) answers.push({ score: impossible, start: 0, end: 0, answer: "" });
        const best = answers.sort((a, b) => b.score - a.score).slice(0, topK);
        return best.length === 1 ? best[0]! : best;
      });
    });
  }

  function windowsOf({ question, context }: QuestionAnsweringInput, options: QuestionAnsweringOptions): Encoding[] {
    const maxLength = options.maxSeqLen ?? Math.min(tokenizer.modelMaxLength, 384);
    const stride = options.docStride ?? Math.min(Math.floor(maxLength / 2), 128);
    if (stride > maxLength) throw new RangeError(`docStride ${stride} is larger than maxSeqLen ${maxLength}`);
    const first = tokenizer.encode(question, context, {
      truncation: "only_second",
      maxLength,
      stride,
      returnOverflowingTokens: true,
    });
    return [first, ...first.overflowing];
  }

  return asTask(run as QuestionAnswerer, loaded);
}

function checkInput(given: QuestionAnsweringInput): QuestionAnsweringInput {
  const fields = readOptions("question-answering", given, { question: "any", context: "any" }, "field");
  const { question, context } = fields as Partial<QuestionAnsweringInput>;
  checkText("question-answering", "question", question);
  checkText("question-answering", "context", context);
  if (question === "" || context === "")
    throw new RangeError("question-answering: question and context must not be empty");
  return { question, context };
}

function checkPositive(name: string, value: number): void {
  if (!(Number.isInteger(value) && value > 0))
    throw new RangeError(`${name} is ${value}: it must be a positive integer`);
}

/** Softmax of one window's logits [B, N] over the allowed tokens; 0 elsewhere. */
function probabilities({ data, shape }: Tensor, row: number, allowed: readonly boolean[]): number[] {
  const columns = shape[1]!;
  return softmax(allowed.map((isAllowed, at) => (isAllowed ? data[row * columns + at]! : -Infinity)));
}

/** The `count` best pairs of a start and an end in tokens that have a place, at most `longest` tokens long, best first. */
function bestSpans(
  starts: readonly number[],
  ends: readonly number[],
  places: readonly (Place | undefined)[],
  longest: number,
  count: number,
): Span[] {
  const best: Span[] = [];
  for (const [first, from] of places.entries()) {
    if (!from) continue;
    for (let last = first; last < Math.min(places.length, first + longest); last++) {
      const to = places[last];
      const score = starts[first]! * ends[last]!;
      if (!to || to.end < from.start || (best.length === count && score <= best.at(-1)!.score)) continue;
      const rank = best.findIndex((other) => score > other.score);
      best.splice(rank === -1 ? best.length : rank, 0, { start: from.start, end: to.end, score });
      if (best.length > count) best.pop();
    }
  }
  return best;
}

/**
 * Where a token, or with `align` its word, lies in the context; undefined outside. A special token that was typed in the question
 * counts as the word of the same number in the context, as in Transformers.
 */
function placeOf(window: Encoding, token: number, align: boolean): Place | undefined {
  const { offsets, wordIds, sequenceIds } = window;
  const word = align ? wordIds?.[token] : undefined;
  if (typeof word !== "number") {
    const [start, end] = offsets[token]!;
    return sequenceIds[token] === 1 ? { start, end } : undefined;
  }
  const inWord = (at: number): boolean => sequenceIds[at] === 1 && wordIds![at] === word;
  let first = sequenceIds[token] === 1 ? token : window.ids.findIndex((_, at) => inWord(at));
  if (first < 0) return undefined;
  let last = first;
  while (inWord(first - 1)) first--;
  while (inWord(last + 1)) last++;
  return { start: offsets[first]![0], end: offsets[last]![1] };
}
