// What is asked for when weights are looked for.
import type { OptionTable } from "../options.js";
import { SOURCE_OPTIONS, type SourceOptions } from "./source.js";

/** How the weights of a folder are found. */
export interface WeightsOptions extends SourceOptions {
  /** The file to read, or an index of shards, instead of the first one found. */
  readonly weights?: string;
}

export const WEIGHTS_OPTIONS: OptionTable<WeightsOptions> = { ...SOURCE_OPTIONS, weights: "string" };
