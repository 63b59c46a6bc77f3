// The package's cache as any page would show it, and what a model needs before a byte of its weights is fetched. The package
// is a chunk of its own here: these screens are drawn without waiting for it.
import type { CanRun } from "deberta-webgpu";
import { optionsOf } from "../use-model.js";
import { sourceOf, type Choice } from "../models.js";

export interface CachedModel {
  readonly source: string;
  readonly bytes: number;
  readonly files: number | readonly unknown[];
  readonly lastUsed: number | string | Date;
}

export type Needs = Pick<CanRun, "ok" | "reasons" | "downloadBytes" | "cachedBytes" | "gpuBytes">;

/** The contract of the package's cache. A build of the package that keeps no models lacks these. */
interface Cache {
  cachedModels(): Promise<CachedModel[]>;
  deleteCachedModel(source: string): Promise<unknown>;
  clearCache(): Promise<unknown>;
}

const cache = async (): Promise<Partial<Cache>> => (await import("deberta-webgpu")) as Partial<Cache>;

export const cachedModels = async (): Promise<CachedModel[]> => (await (await cache()).cachedModels?.()) ?? [];

export const deleteModel = async ({ source }: CachedModel) => (await cache()).deleteCachedModel?.(source);

export const deleteAll = async () => (await cache()).clearCache?.();

export const needsOf = async (choice: Choice, signal: AbortSignal): Promise<Needs> =>
  (await import("deberta-webgpu")).canRun(sourceOf(choice), { ...optionsOf(choice), signal });
