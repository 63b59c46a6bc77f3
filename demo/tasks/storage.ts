// The package's cache as any page would show it, and what a model needs before a byte of its weights is fetched. The package
// is a chunk of its own here: these screens are drawn without waiting for it.
import type { EngineOptions } from "../use-model.js";
import { optionsOf } from "../use-model.js";
import { sourceOf, type Choice } from "../models.js";

export interface CachedModel {
  readonly source: string;
  readonly bytes: number;
  readonly files: number | readonly unknown[];
  readonly lastUsed: number | string | Date;
}

export interface Needs {
  readonly ok: boolean;
  readonly reasons: readonly string[];
  readonly downloadBytes: number;
  readonly cachedBytes: number;
  readonly gpuBytes: number;
}

interface Library {
  cachedModels(): Promise<CachedModel[]>;
  deleteCachedModel(source: string): Promise<unknown>;
  clearCache(): Promise<unknown>;
  canRun(source: unknown, options: EngineOptions): Promise<Needs>;
}

const library = async (): Promise<Library> => (await import("deberta-webgpu")) as unknown as Library;

export const cachedModels = async () => (await library()).cachedModels();

export const deleteModel = async ({ source }: CachedModel) => (await library()).deleteCachedModel(source);

export const deleteAll = async () => (await library()).clearCache();

export const needsOf = async (choice: Choice, signal: AbortSignal): Promise<Needs> =>
  (await library()).canRun(sourceOf(choice), { ...optionsOf(choice), signal });
