// Looking inside a run: every computed value by its scope name, in the shapes of Transformers.
import { padded } from "../kernels/kernel.js";
import type { DebertaV2Config } from "./deberta/config.js";
import type { CheckedInputs } from "./inputs/types.js";
import type { Tensor } from "./outputs.js";
import type { InspectOptions } from "./run/calls.js";
import { scatterRows, scatterScores, zeros } from "./run/collect.js";
import { type Engine, rowsOf } from "./run/engine.js";

/** Rows as [B, N, …], scores and probabilities as [B, H, N, N], rows that a head asks for one after another, all else as it is. */
export async function inspect(
  engine: Engine,
  inputs: CheckedInputs,
  { attentionTerms: wanted = false, signal }: InspectOptions,
): Promise<Map<string, Tensor>> {
  const { config } = engine.network;
  const { batch, columns } = inputs;
  const heads = config.numAttentionHeads;
  const values = new Map<string, Tensor>();
  // A request that runs in several parts fills one tensor.
  const place = (name: string, ...shape: number[]): Tensor => {
    const target = values.get(name) ?? zeros(...shape);
    values.set(name, target);
    return target;
  };
  const layers = wanted === true ? Array.from({ length: config.numHiddenLayers }, (_, i) => i) : wanted || [];
  const everything = { ...inputs, outputHiddenStates: true, outputAttentions: true, attentionTerms: layers };
  await engine.inspect(
    everything,
    (run, name, { type, data }, { output: { layout } }) => {
      const { packed, sequences } = run;
      const { all } = packed.shape;
      if (layout && "block" in layout) {
        const plain = all.blocks.length > 1 ? name.slice(0, -`.${layout.block}`.length) : name;
        scatterScores(place(plain, batch, heads, columns, columns), data, layout.block, packed, sequences);
      } else if (layout?.rows === all.name && type.shape.length === 2) {
        scatterRows(place(name, batch, columns, trueWidth(config, type.shape[1]!)), data, packed, sequences);
      } else if (layout) {
        const own = layout.rows === all.name ? rowsOf(sequences) : run.asked?.length; // what is more is padding
        values.set(name, appended(values.get(name), data, [own ?? type.shape[0]!, ...type.shape.slice(1)]));
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

/** The first rows of `data` after those of the parts before. */
function appended(
  before: Tensor | undefined,
  data: Float32Array,
  shape: readonly [rows: number, ...rest: number[]],
): Tensor {
  const [rows, ...rest] = shape;
  const own = data.subarray(
    0,
    shape.reduce((product, size) => product * size),
  );
  const all = new Float32Array((before?.data.length ?? 0) + own.length);
  if (before) all.set(before.data);
  all.set(own, all.length - own.length);
  return { data: all, shape: [(before?.shape[0] ?? 0) + rows, ...rest] };
}

/** The size that a padded axis has in the config. */
function trueWidth({ hiddenSize, intermediateSize, embeddingSize }: DebertaV2Config, width: number): number {
  return [hiddenSize, intermediateSize, embeddingSize].find((size) => padded(size, 4) === width) ?? width;
}
