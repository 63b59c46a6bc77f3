// Multiple choice as any page would use it.
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export interface Input {
  readonly prompt: string;
  readonly choices: readonly string[];
}

export const load = (...from: LoadArguments) => pipeline("multiple-choice", ...from);

export const run = (choose: EngineOf<typeof load>, input: Input, signal: AbortSignal) => choose(input, { signal });

export const code = (source: string, { prompt, choices }: Input): string =>
  `import { pipeline } from "deberta-webgpu";

const choose = await pipeline("multiple-choice", ${source});
const { scores } = await choose({
  prompt: ${JSON.stringify(prompt)},
  choices: ${JSON.stringify(choices)},
}); // one probability a choice
choose.dispose();`;
