// Redaction as any page would use it: find personal data, replace it.
import { redact, type PersonalData, type RedactOptions } from "deberta-webgpu";
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

export type Replacement = Extract<RedactOptions["replacement"], string>;

export const load = (...from: LoadArguments) => pipeline("redact", ...from);

/** Everything found, and every word outside with how certain the model is that it is not personal. */
export async function run(find: EngineOf<typeof load>, text: string, signal: AbortSignal): Promise<PersonalData[]> {
  return find(text, { ignoreLabels: [], signal });
}

export const replaced = (text: string, found: readonly PersonalData[], replacement: Replacement): string =>
  redact(text, found, { replacement });

export const code = (source: string, text: string, threshold: number, replacement: Replacement): string =>
  `import { pipeline, redact } from "deberta-webgpu";

const find = await pipeline("redact", ${source});
const text = ${JSON.stringify(text)};
const found = await find(text); // [{ entity_group, score, word, start, end, source }, …]
redact(text, found.filter(({ score }) => score >= ${threshold}), ${literal({ replacement })});
find.dispose();`;
