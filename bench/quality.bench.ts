// The bundled models' answers to the questions that tools/train judges them by: one JSON line a set, for its judge/engine.py to
// grade. It writes the questions first; models without any are skipped.
import { type MultipleChoiceInput, pipeline, type QuestionAnsweringInput, type Tensor } from "deberta-webgpu";
import type { Print } from "./support.js";

interface Questions {
  readonly task: string;
  readonly numbers: readonly number[];
  readonly inputs: readonly unknown[];
}

/** Answers to some questions, in the shape that the judge grades, and the end of the model. */
interface Answerer {
  readonly answer: (inputs: never) => Promise<unknown[]>;
  readonly dispose: () => unknown;
}

const MODELS = "/demo/public/models";
const QUESTIONS = "/.cache/train/questions";
/** Questions of one run. */
const BATCH = 20;
const NAMES = ["tiny-intent", "tiny-mood", "zero-shot", "vectors", "redact", "answers", "reply", "fill"] as const;

/** Kinds that rules name more closely than the model. */
const KINDS_OF_RULES: Readonly<Record<string, string>> = { IBAN: "ACCOUNT", MAC: "IP" };

const ANSWERERS: Readonly<Record<string, (source: string) => Promise<Answerer>>> = {
  async "text-classification"(source) {
    const task = await pipeline("text-classification", source, { topK: 1 });
    return answering(task, async (texts: string[]) => (await task(texts)).flat().map(({ label }) => label));
  },
  async "zero-shot-classification"(source) {
    const task = await pipeline("zero-shot-classification", source);
    return answering(task, async (inputs: Named[]) => {
      const found = await task(textsOf(inputs), inputs[0]!.labels);
      return found.map(({ labels }) => labels[0]);
    });
  },
  async "feature-extraction"(source) {
    const task = await pipeline("feature-extraction", source, { pooling: "mean", normalize: true });
    return answering(task, async (inputs: Named[]) => {
      const { labels } = inputs[0]!;
      const names = await task(labels);
      return (await task(textsOf(inputs))).map((text) => labels[best(names.map((name) => product(name, text)))]);
    });
  },
  async "token-classification"(source) {
    const task = await pipeline("token-classification", source, { aggregationStrategy: "simple" });
    return answering(task, async (texts: string[]) =>
      (await task(texts)).map((spans, i) =>
        spans.map(({ start, end, entity_group }) => trimmed(texts[i]!, start, end, entity_group!)),
      ),
    );
  },
  async redact(source) {
    const task = await pipeline("redact", source);
    return answering(task, async (texts: string[]) =>
      (await task(texts)).map((spans, i) =>
        spans.map(({ start, end, entity_group }) =>
          trimmed(texts[i]!, start, end, KINDS_OF_RULES[entity_group] ?? entity_group),
        ),
      ),
    );
  },
  async "question-answering"(source) {
    const task = await pipeline("question-answering", source);
    return answering(task, async (inputs: QuestionAnsweringInput[]) =>
      (await task(inputs)).flat().map(({ answer }) => answer),
    );
  },
  async "multiple-choice"(source) {
    const task = await pipeline("multiple-choice", source);
    return answering(task, async (inputs: MultipleChoiceInput[]) =>
      (await task(inputs)).map(({ logits }) => best(logits)),
    );
  },
  async "fill-mask"(source) {
    const task = await pipeline("fill-mask", source, { topK: 1 });
    return answering(task, async (texts: string[]) => (await task(texts)).map((found) => found.flat()[0]!.token_str));
  },
};

interface Named {
  readonly text: string;
  readonly labels: string[];
}

const textsOf = (inputs: readonly Named[]): string[] => inputs.map(({ text }) => text);
const best = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));
const product = (a: Tensor, b: Tensor): number => a.data.reduce((sum, x, i) => sum + x * b.data[i]!, 0);
const answering = (task: { dispose(): unknown }, answer: Answerer["answer"]): Answerer => ({
  answer,
  dispose: () => task.dispose(),
});

/** A span without the white space at its ends: [start, end, kind], in code points as Python counts. */
function trimmed(text: string, start: number, end: number, kind: string): [number, number, string] {
  while (start < end && /\s/.test(text[start]!)) start++;
  while (start < end && /\s/.test(text[end - 1]!)) end--;
  const points = (until: number) => Array.from(text.slice(0, until)).length;
  return [points(start), points(end), kind];
}

export default async function bench(print: Print): Promise<void> {
  for (const name of NAMES) {
    const response = await fetch(`${QUESTIONS}/${name}.json`);
    if (!response.ok) {
      await print(`${name}: no questions (python -m judge.engine in tools/train writes them)`);
      continue;
    }
    const sets = (await response.json()) as Record<string, Questions>;
    const tasks = new Set(Object.values(sets).map(({ task }) => task));
    // Redaction is judged twice: the model alone, and with the rules.
    for (const task of name === "redact" ? [...tasks, "redact"] : tasks) {
      const { answer, dispose } = await ANSWERERS[task]!(`${MODELS}/${name}/`);
      for (const [set, { inputs, numbers }] of Object.entries(sets)) {
        const started = performance.now();
        const answers: unknown[] = [];
        for (let at = 0; at < inputs.length; at += BATCH)
          answers.push(...(await answer(inputs.slice(at, at + BATCH) as never)));
        const seconds = (performance.now() - started) / 1000;
        await print(JSON.stringify({ name, set, task, numbers, answers, seconds }));
      }
      await dispose();
    }
  }
}
