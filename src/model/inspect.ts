// Looking inside a run: every computed value by its scope name, in the shapes of Transformers.
import { padded } from "../kernels/kernel.js";
import type { DebertaV2Config } from "./deberta/config.js";
import type { CheckedInputs } from "./inputs/types.js";
import type { Tensor } from "./outputs.js";
import type { InspectOptions } from "./run/calls.js";
import { scatterRows, scatterScores, zeros } from "./run/collect.js";
import type { Engine } from "./run/engine.js";

/** Rows as [B, N, …], scores and probabilities as [B, H, N, N], all else as it is. */
export async function inspect(
  engine: Engine,
  inputs: CheckedInputs,
  { attentionTerms: wanted = false, signal }: InspectOptions,
): Promise<Map<string, Tensor>> {
  const { config } = engine.network;
  const { batch, columns } = inputs;
  const heads = config.numAttentionHeads;
  const values = new Map<string, Tensor>();
  const layers = wanted === true ? Array.from({ length: config.numHiddenLayers }, (_, i) => i) : wanted || [];
  const everything = { ...inputs, outputHiddenStates: true, outputAttentions: true, attentionTerms: layers };
  await engine.inspect(
    everything,
    (run, name, { type, data }, { output: { layout } }) => {
      const { packed, sequences } = run;
      const { all } = packed.shape;
      if (layout && "block" in layout) {
        const plain = all.blocks.length > 1 ? name.slice(0, -`.${layout.block}`.length) : name;
        const target = values.get(plain) ?? zeros(batch, heads, columns, columns);
        values.set(plain, target);
        scatterScores(target, data, layout.block, packed, sequences);
      } else if (layout?.rows === all.name && type.shape.length === 2) {
        const target = zeros(batch, columns, trueWidth(config, type.shape[1]!));
        scatterRows(target, data, packed, sequences);
        values.set(name, target);
      } else {
        values.set(name, { data, shape: [...type.shape] });
      }
    },
    signal ? { signal } : {},
  );
  // What a model does not have adds nothing.
  for (const content of [...values.keys()].filter((name) => name.endsWith(".attention.c2c"))) {
    for (const term of ["c2p", "p2c"]) {
      const name = content.replace(/c2c$/, term);
      if (!values.has(name)) values.set(name, zeros(batch, heads, columns, columns));
    }
  }
  return values;
}

/** The size that a padded axis has in the config. */
function trueWidth({ hiddenSize, intermediateSize, embeddingSize }: DebertaV2Config, width: number): number {
  return [hiddenSize, intermediateSize, embeddingSize].find((size) => padded(size, 4) === width) ?? width;
}
