// Entity extraction as any page would use it: spans of a text for labels that the caller names.
import type { ExtractedEntity } from "deberta-webgpu";
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export interface Input {
  readonly text: string;
  readonly labels: readonly string[];
  readonly threshold: number;
}

export const load = (...from: LoadArguments) => pipeline("entity-extraction", ...from);

/** In the text's order. */
export const run = (
  extract: EngineOf<typeof load>,
  { text, labels, threshold }: Input,
  signal: AbortSignal,
): Promise<ExtractedEntity[]> => extract(text, labels, { threshold, signal });

export const code = (source: string, { text, labels, threshold }: Input): string =>
  `import { pipeline } from "deberta-webgpu";

const extract = await pipeline("entity-extraction", ${source});
const entities = await extract(
  ${JSON.stringify(text)},
  ${JSON.stringify(labels)},
  { threshold: ${threshold} },
); // [{ text, label, score, start, end }, …]
extract.dispose();`;
