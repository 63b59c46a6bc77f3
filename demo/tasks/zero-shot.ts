// Zero-shot classification as any page would use it.
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

export interface Input {
  readonly text: string;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly hypothesisTemplate: string;
}

export const load = (...from: LoadArguments) => pipeline("zero-shot-classification", ...from);

/** All labels run as one packed batch. */
export const run = (classify: EngineOf<typeof load>, { text, labels, ...options }: Input, signal: AbortSignal) =>
  classify(text, labels, { multiLabel: options.multiLabel, hypothesisTemplate: options.hypothesisTemplate, signal });

export const code = (source: string, { text, labels, multiLabel, hypothesisTemplate }: Input): string =>
  `import { pipeline } from "deberta-webgpu";

const classify = await pipeline("zero-shot-classification", ${source});
const { labels, scores } = await classify(
  ${JSON.stringify(text)},
  ${JSON.stringify(labels)},
  ${literal({ multiLabel, hypothesisTemplate })},
);
classify.dispose();`;
