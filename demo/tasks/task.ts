// What the files of this folder share: how a load is called, and values written as code.
import type { Source } from "deberta-webgpu";
import type { EngineOptions } from "../use-model.js";

export type LoadArguments = [source: Source, options: EngineOptions];

/** The loaded task that a load gives. */
export type EngineOf<Load extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<Load>>;

/** A flat object as one writes it in code. */
export const literal = (values: Record<string, unknown>): string =>
  `{ ${Object.entries(values)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
