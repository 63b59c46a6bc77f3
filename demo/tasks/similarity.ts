// Sentence vectors as any page would use them: their dot products are cosines, as vectors have length 1.
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

const SETTINGS = { pooling: "mean", normalize: true } as const;

export const load = (...from: LoadArguments) => pipeline("feature-extraction", ...from);

/** The cosine of each text with each: [texts, texts]. */
export async function run(embed: EngineOf<typeof load>, texts: readonly string[], signal: AbortSignal) {
  const vectors = (await embed(texts, { ...SETTINGS, signal })).map(({ data }) => data);
  return vectors.map((a) => vectors.map((b) => a.reduce((sum, value, index) => sum + value * b[index]!, 0)));
}

export const code = (source: string, texts: readonly string[]): string =>
  `import { pipeline } from "deberta-webgpu";

const embed = await pipeline("feature-extraction", ${source});
const [a, b] = await embed(${JSON.stringify(texts)}, ${literal(SETTINGS)});
const cosine = a.data.reduce((sum, value, index) => sum + value * b.data[index], 0);
embed.dispose();`;
