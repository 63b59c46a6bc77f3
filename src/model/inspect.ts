// Looking inside a run: every computed value by its scope name, in the shapes of Transformers.
import { padded } from "../kernels/kernel.js";
import { attentionPrefix } from "./deberta/attention.js";
import type { DebertaV2Config } from "./deberta/config.js";
import type { CheckedInputs } from "./inputs/types.js";
import type { Tensor } from "./outputs.js";
import { headsWidth } from "./deberta/sizes.js";
import { attentionTerms, type Columns } from "./run/attention-terms.js";
import type { InspectOptions } from "./run/calls.js";
import { scatterRows, scatterScores, zeros } from "./run/collect.js";
import type { Engine } from "./run/engine.js";
import type { PackedRun } from "./run/network.js";

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
  const last = config.numHiddenLayers - 1;
  const asked = (layer: number): boolean => wanted === true || (wanted && wanted.includes(layer));
  const attentions: Projected[] = [];
  let decoderKeys: Columns | undefined;
  const everything = { ...inputs, outputHiddenStates: true, outputAttentions: true };
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
      const columnsFrom = (from: number): Columns => ({ data, stride: type.shape[1]!, from });
      if (name === `${DECODER}.keyValue`) decoderKeys = columnsFrom(0);
      const projection = projectionIn(name, last);
      if (projection && asked(projection.layer)) {
        const key = projection.isDecoder ? decoderKeys! : columnsFrom(headsWidth(config));
        attentions.push({ ...projection, query: columnsFrom(0), key, run });
      }
    },
    signal ? { signal } : {},
  );
  for (const { scope, layer, query, key, run } of attentions) {
    const prefix = attentionPrefix(layer);
    const [posK, posQ] = await Promise.all([engine.relative(`${prefix}.posK`), engine.relative(`${prefix}.posQ`)]);
    const from = { query, key, posK, posQ, slots: engine.slotTable };
    const terms = attentionTerms(config, from, run.packed, run.sequences, batch, columns);
    for (const [term, value] of Object.entries(terms)) values.set(`${scope}.attention.${term}`, value);
  }
  return values;
}

const DECODER = "head.maskDecoder";

interface Projection {
  /** The attention's, in names of values. */
  readonly scope: string;
  /** The layer whose weights it runs. */
  readonly layer: number;
  readonly isDecoder: boolean;
}

interface Projected extends Projection {
  readonly query: Columns;
  readonly key: Columns;
  readonly run: PackedRun;
}

/** Which attention's queries a value is: a layer's, or those of a pass of the mask decoder, which runs the last layer. */
function projectionIn(name: string, last: number): Projection | undefined {
  const layer = /^encoder\.layer\.(\d+)\.qkv$/.exec(name)?.[1];
  if (layer !== undefined) return { scope: `encoder.layer.${layer}`, layer: Number(layer), isDecoder: false };
  const pass = /^head\.maskDecoder\.pass\.\d+(?=\.query$)/.exec(name)?.[0];
  return pass === undefined ? undefined : { scope: pass, layer: last, isDecoder: true };
}

/** The size that a padded axis has in the config. */
function trueWidth({ hiddenSize, intermediateSize, embeddingSize }: DebertaV2Config, width: number): number {
  return [hiddenSize, intermediateSize, embeddingSize].find((size) => padded(size, 4) === width) ?? width;
}
