// What the main entry has that most pages never call: its code is fetched with the first call.
import type { CachedModel } from "./checkpoint/cache/models.js";
import type { Source } from "./checkpoint/source.js";
import type { WeightsOptions } from "./checkpoint/weights-options.js";
import { lazily } from "./lazy.js";
import type { CanRun } from "./model/can-run.js";
import type * as gliner from "./model/extraction/gliner.js";
import type { LoadOptions } from "./model/load/options.js";
import type { SelfTestOptions, SelfTestReport } from "./self-test/self-test.js";

/**
 * Looks whether a model can be loaded and run here, before a byte of weights is fetched.
 * @throws TypeError for a wrong source; rejects with the signal's reason on abort. What cannot run is told by `reasons`
 */
export async function canRun(source: Source, options: LoadOptions = {}): Promise<CanRun> {
  return (await lazily(() => import("./model/can-run.js"))).canRun(source, options);
}

/**
 * Runs every kernel on small cases with known answers, as this device would run them: for bug reports and pages that ask before
 * they load a model. A second or so on a GPU, longer on a processor.
 * @throws UnsupportedError without WebGPU, DeviceError when the device is lost, the signal's reason
 */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  return (await lazily(() => import("./self-test/self-test.js"))).selfTest(options);
}

/**
 * Reads a source from end to end and gives the table that the option `integrity` takes: `sha256-…` by file name. Run it once, on
 * files that you trust, and ship the table with the page.
 * @param options `weights` names another weight file of the folder
 * @throws as loading does; rejects with the signal's reason on abort
 */
export async function hashesOf(source: Source, options: WeightsOptions = {}): Promise<Record<string, string>> {
  return (await lazily(() => import("./checkpoint/hashes.js"))).hashesOf(source, options);
}

const cache = (): Promise<typeof import("./checkpoint/cache/models.js")> =>
  lazily(() => import("./checkpoint/cache/models.js"));

/** What this origin keeps, the last used first. Empty where a browser keeps nothing, and in Node. */
export async function cachedModels(): Promise<CachedModel[]> {
  return (await cache()).cachedModels();
}

/**
 * Deletes what is kept of a source, named as it was loaded or as `cachedModels` names it: of a hub id, all revisions. Models that are
 * loaded go on.
 */
export async function deleteCachedModel(source: string | URL): Promise<void> {
  return (await cache()).deleteCachedModel(source);
}

/** Deletes all that this package keeps at this origin, and nothing else. */
export async function clearCache(): Promise<void> {
  return (await cache()).clearCache();
}

/** A GLiNER: entities of any type, given as labels in the prompt; scores of spans, or of words. */
export type GLiNERModel = gliner.GLiNERModel;

/** The class as a page meets it: its code comes with the first load. */
export const GLiNERModel: {
  /**
   * Loads gliner_config.json and weights.
   * @throws as `DebertaV2PreTrainedModel.fromPretrained`
   */
  fromPretrained(source: Source, options?: gliner.GlinerOptions): Promise<GLiNERModel>;
} = {
  async fromPretrained(source, options) {
    const { GLiNERModel: Class } = await lazily(() => import("./model/extraction/gliner.js"));
    return Class.fromPretrained(source, options);
  },
};
