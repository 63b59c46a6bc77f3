// Redaction as any page would use it: find personal data, replace it.
import type { PersonalData, RedactOptions } from "deberta-webgpu";
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

export type Replacement = Extract<RedactOptions["replacement"], string>;

export const load = (...from: LoadArguments) => pipeline("redact", ...from);

export interface Found {
  /** Everything found, and every word outside with how certain the model is that it is not personal. */
  readonly entities: readonly PersonalData[];
  /** The text with some of them replaced. */
  readonly replaced: (some: readonly PersonalData[], replacement: Replacement) => string;
}

/** What replaces comes from the package's main entry, which is fetched beside the model: the screen is drawn without it. */
export async function run(find: EngineOf<typeof load>, text: string, signal: AbortSignal): Promise<Found> {
  const [entities, { redact }] = await Promise.all([
    find(text, { ignoreLabels: [], signal }),
    import("deberta-webgpu"),
  ]);
  return { entities, replaced: (some, replacement) => redact(text, some, { replacement }) };
}

export const code = (source: string, text: string, threshold: number, replacement: Replacement): string =>
  `import { pipeline, redact } from "deberta-webgpu";

const find = await pipeline("redact", ${source});
const text = ${JSON.stringify(text)};
const found = await find(text); // [{ entity_group, score, word, start, end, source }, …]
redact(text, found.filter(({ score }) => score >= ${threshold}), ${literal({ replacement })});
find.dispose();`;
