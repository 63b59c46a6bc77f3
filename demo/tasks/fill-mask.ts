// Fill-mask as any page would use it; with or without the enhanced mask decoder, where the checkpoint has one.
import type { Filling } from "deberta-webgpu";
import { pipeline } from "../engine.js";
import { literal, type EngineOf, type LoadArguments } from "./task.js";

export const load = (...from: LoadArguments) => pipeline("fill-mask", ...from);

/** The same checkpoint without the paper's decoder, as Transformers runs it. */
export const loadPlain = (...[source, options]: LoadArguments) =>
  pipeline("fill-mask", source, { ...options, enhancedMaskDecoder: false });

const SETTINGS = { topK: 8 };

/** A list of fillings for each mask. */
export async function run(fill: EngineOf<typeof load>, text: string, signal: AbortSignal): Promise<Filling[][]> {
  const found = await fill(text, { ...SETTINGS, signal });
  return (Array.isArray(found[0]) ? found : [found]) as Filling[][];
}

export const code = (source: string, text: string, decoder: boolean): string =>
  `import { pipeline } from "deberta-webgpu";

const fill = await pipeline("fill-mask", ${source}${decoder ? "" : ", { enhancedMaskDecoder: false }"});
const fillings = await fill(${JSON.stringify(text)}, ${literal(SETTINGS)});
// [{ token_str, score, sequence }, …], best first; several masks: a list for each
fill.dispose();`;
