// The package's cache as any page would show it, and what a model needs before a byte of its weights is fetched. The package
// is a chunk of its own here: these screens are drawn without waiting for it.
import type { CachedModel, CanRun } from "deberta-webgpu";
import { optionsOf } from "../use-model.js";
import { sourceOf, type Choice } from "../models.js";

export type { CachedModel };

export type Needs = Pick<CanRun, "ok" | "reasons" | "downloadBytes" | "cachedBytes" | "gpuBytes">;

export const cachedModels = async () => (await import("deberta-webgpu")).cachedModels();

export const deleteModel = async ({ source }: CachedModel) =>
  (await import("deberta-webgpu")).deleteCachedModel(source);

export const deleteAll = async () => (await import("deberta-webgpu")).clearCache();

export const needsOf = async (choice: Choice, signal: AbortSignal): Promise<Needs> =>
  (await import("deberta-webgpu")).canRun(sourceOf(choice), { ...optionsOf(choice), signal });
