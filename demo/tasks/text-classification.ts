// Text classification as any page would use it: load, run, and the same two lines as text to copy.
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

export type Scores = "auto" | "softmax" | "sigmoid";

export const load = (...from: LoadArguments) => pipeline("text-classification", ...from);

export const run = (classify: EngineOf<typeof load>, text: string, scores: Scores, signal: AbortSignal) =>
  classify(text, { ...settings(scores), signal });

const settings = (scores: Scores) => ({
  topK: null,
  windows: { aggregate: "max" as const },
  ...(scores === "auto" ? {} : { functionToApply: scores }),
});

export const code = (source: string, text: string, scores: Scores): string =>
  `import { pipeline } from "deberta-webgpu";

const classify = await pipeline("text-classification", ${source});
const labels = await classify(${JSON.stringify(text)}, ${literal(settings(scores))});
// [{ label, score }, …], best first
classify.dispose();`;
