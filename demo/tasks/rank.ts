// The Rank screen's two ways: sentence vectors (the bundled model), or a cross-encoder, which reads query and document
// together and judges better.
import type { Ranked } from "deberta-webgpu";
import * as Rerank from "./rerank.js";
import * as Similarity from "./similarity.js";
import type { EngineOf, LoadArguments } from "./task.js";

const isVectors = (source: unknown): boolean => source === "./models/vectors/";

export async function load(...from: LoadArguments) {
  if (!isVectors(from[0])) return Object.assign(await Rerank.load(...from), { byVectors: false as const });
  return Object.assign(await Similarity.load(...from), { byVectors: true as const });
}

/** Best first. */
export async function run(pipe: EngineOf<typeof load>, input: Rerank.Input, signal: AbortSignal): Promise<Ranked[]> {
  if (!pipe.byVectors) return Rerank.run(pipe, input, signal);
  const { query, documents } = input;
  const [cosines] = await Similarity.run(pipe, [query, ...documents], signal);
  return documents
    .map((document, index) => ({ index, document, score: cosines![index + 1]! }))
    .sort((a, b) => b.score - a.score);
}

export const code = (source: string, input: Rerank.Input): string =>
  isVectors(JSON.parse(source.startsWith('"') ? source.split(", {")[0]! : '""'))
    ? Similarity.code(source, [input.query, ...input.documents])
    : Rerank.code(source, input);
