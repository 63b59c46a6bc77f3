// Question answering as any page would use it.
import type { Answer } from "deberta-webgpu";
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

export interface Input {
  readonly question: string;
  readonly context: string;
}

const SETTINGS = { topK: 3, handleImpossibleAnswer: true };
/** How the task cuts a long context, said aloud so that the screen can count the windows. */
const WINDOW = { maxSeqLen: 384, docStride: 128 };

export const load = (...from: LoadArguments) => pipeline("question-answering", ...from);

export async function run(answer: EngineOf<typeof load>, input: Input, signal: AbortSignal) {
  const { question, context } = input;
  const found = await answer(input, { ...SETTINGS, ...WINDOW, signal });
  const { overflowing } = await answer.tokenizer.encode(question, context, {
    truncation: "only_second",
    maxLength: WINDOW.maxSeqLen,
    stride: WINDOW.docStride,
    returnOverflowingTokens: true,
  });
  return { answers: ([] as Answer[]).concat(found), windows: 1 + overflowing.length };
}

export const code = (source: string, { question, context }: Input): string =>
  `import { pipeline } from "deberta-webgpu";

const answer = await pipeline("question-answering", ${source});
const answers = await answer(
  { question: ${JSON.stringify(question)}, context: ${JSON.stringify(context)} },
  ${literal(SETTINGS)},
); // [{ answer, score, start, end }, …], best first
answer.dispose();`;
