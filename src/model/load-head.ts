// What a model runs on, fetched when the first is loaded: pages show something before they need it.
import { SOURCE_OPTIONS, type Source } from "../checkpoint/source.js";
import { pick } from "../options.js";
import { DebertaV2Config } from "./deberta/config.js";
import type { HeadSpec } from "./deberta/heads.js";
import { headNetwork, type HeadNetwork } from "./head-network.js";
import type { CheckedInputs } from "./inputs/types.js";
import { loadEngine } from "./load-engine.js";
import type { Checkpoint } from "./load/named-tensors.js";
import type { LoadOptions } from "./load/options.js";
import type { Engine } from "./run/engine.js";

/** The engine of a model with one of Transformers' heads. */
export type HeadEngine = Engine<CheckedInputs, HeadNetwork>;

/** Loads the encoder with the head that the checkpoint's tensors and its config make. */
export async function loadHead(
  source: Source,
  options: LoadOptions,
  headSpec: (checkpoint: Checkpoint, config: DebertaV2Config) => HeadSpec,
): Promise<HeadEngine> {
  return loadEngine<CheckedInputs, HeadNetwork>(source, options, async (folder) => {
    const asWritten = await DebertaV2Config.fromPretrained(folder, pick(options, SOURCE_OPTIONS));
    return (checkpoint) => {
      const config = asWritten.withNumLabels(checkpoint.rows("classifier.weight", asWritten.numLabels));
      return headNetwork(config, headSpec(checkpoint, config));
    };
  });
}
