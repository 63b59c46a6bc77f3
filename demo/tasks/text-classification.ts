// Text classification as any page would use it: load, run, and the same two lines as text to copy.
import { pipeline, type LoadOptions, type Source } from "deberta-webgpu";

export type Classify = Awaited<ReturnType<typeof load>>;
export type Scores = "auto" | "softmax" | "sigmoid";

export const load = (source: Source, options: LoadOptions) => pipeline("text-classification", source, options);

export async function run(classify: Classify, text: string, scores: Scores, signal: AbortSignal) {
  const started = performance.now();
  const labels = await classify(text, { ...settings(scores), signal });
  const milliseconds = performance.now() - started;
  return { labels, milliseconds, tokens: classify.tokenizer.encode(text).ids.length, ...classify.model.memory() };
}

const settings = (scores: Scores) => ({
  topK: null,
  truncation: true,
  ...(scores === "auto" ? {} : { functionToApply: scores }),
});

export const code = (source: string, text: string, scores: Scores): string =>
  `import { pipeline } from "deberta-webgpu";

const classify = await pipeline("text-classification", ${source});
const labels = await classify(${JSON.stringify(text)}, ${literal(settings(scores))});
// [{ label, score }, …], best first
classify.dispose();`;

/** A flat object as one writes it in code. */
const literal = (values: Record<string, unknown>): string =>
  `{ ${Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
