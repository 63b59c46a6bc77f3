// What the main entry has that most pages never call: its code is fetched with the first call.
import type { CachedModel } from "./checkpoint/cache/models.js";
import type { Source } from "./checkpoint/source.js";
import type { WeightsOptions } from "./checkpoint/weights-options.js";
import { lazily } from "./lazy.js";
import type { CanRun } from "./model/can-run.js";
import type * as gliner from "./model/extraction/gliner.js";
import type { LoadOptions } from "./model/load/options.js";
import type { SelfTestOptions, SelfTestReport } from "./self-test/self-test.js";
import type * as slow from "./tokenizer/tokenizer.js";

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

/** A class whose code is fetched with its first instance. */
export interface OnDemand<Instance, Options> {
  /**
   * Loads one from a source.
   * @throws as `DebertaV2PreTrainedModel.fromPretrained`
   */
  fromPretrained(source: Source, options?: Options): Promise<Instance>;
  /** For `instanceof`. */
  [Symbol.hasInstance](value: unknown): value is Instance;
}

/** A GLiNER: entities of any type, given as labels in the prompt; scores of spans, or of words. */
export type GLiNERModel = gliner.GLiNERModel;

/** The class as a page meets it: its code comes with the first load. */
export const GLiNERModel: OnDemand<GLiNERModel, gliner.GlinerOptions> = onDemand(
  async () => (await import("./model/extraction/gliner.js")).GLiNERModel,
);

/** The slow tokenizer of Transformers: spm.model, without offsets. The class itself is in `deberta-webgpu/tokenizer`. */
export type DebertaV2Tokenizer = slow.DebertaV2Tokenizer;

/** The class as a page meets it: its code comes with the first load. */
export const DebertaV2Tokenizer: OnDemand<DebertaV2Tokenizer, slow.SlowTokenizerOptions> = onDemand(
  async () => (await import("./tokenizer/tokenizer.js")).DebertaV2Tokenizer,
);

type Loadable<Instance, Options> = Pick<OnDemand<Instance, Options>, "fromPretrained"> & {
  readonly prototype: Instance;
};

function onDemand<Instance, Options>(load: () => Promise<Loadable<Instance, Options>>): OnDemand<Instance, Options> {
  let known: Loadable<Instance, Options> | undefined;
  // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- it stands for a class, `instanceof` included
  return class {
    static async fromPretrained(source: Source, options?: Options): Promise<Instance> {
      known = await lazily(load);
      return known.fromPretrained(source, options);
    }

    static [Symbol.hasInstance](value: unknown): value is Instance {
      return known !== undefined && value instanceof (known as unknown as new () => object);
    }
  };
}
