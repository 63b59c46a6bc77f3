// Ranking as any page would use it: by a cross-encoder that reads query and document together.
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export interface Input {
  readonly query: string;
  readonly documents: readonly string[];
}

export const load = (...from: LoadArguments) => pipeline("rerank", ...from);

export const run = (rank: EngineOf<typeof load>, { query, documents }: Input, signal: AbortSignal) =>
  rank(query, documents, { signal });

export const code = (source: string, { query, documents }: Input): string =>
  `import { pipeline } from "deberta-webgpu";

const rank = await pipeline("rerank", ${source});
const ranked = await rank(
  ${JSON.stringify(query)},
  ${JSON.stringify(documents)},
); // [{ index, score, document }, …], best first
rank.dispose();`;
