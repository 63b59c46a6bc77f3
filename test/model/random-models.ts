// Seeded random configs with random weights and batches: the engine's graph on a device against the interpreter in float64.
// Every combination of features meets every other here; whether the graph is the right one, the golden cases tell.
import type { Capabilities } from "../../src/kernels/kernel.js";
import { elements, padded, rowsOf, lastOf } from "../../src/kernels/kernel.js";
import { packWeights } from "../../src/kernels/pack-weights.js";
import { packBatch } from "../../src/model/run/attention-tables.js";
import { type AskedRow, type Sequence, sequenceOf } from "../../src/model/run/sequences.js";
import { ACTIVATION_NAMES } from "../../src/model/deberta/activations.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { debertaGraph } from "../../src/model/deberta/deberta.js";
import type { HeadSpec } from "../../src/model/deberta/heads.js";
import type { CheckedRow } from "../../src/model/inputs/types.js";
import type { ResidentSpec } from "../../src/model/deberta/layers.js";
import { positionGraph } from "../../src/model/load/position-cache.js";
import { slotTable } from "../../src/model/deberta/relative-position.js";
import { Graph } from "../../src/runtime/graph.js";
import { interpret } from "../../src/self-test/reference/interpret.js";
import { generator, randomInteger, randomValues } from "../support/random.js";

/** A graph with everything that running it needs. */
export interface RandomModel {
  readonly config: DebertaV2Config;
  readonly graph: Graph;
  readonly inputs: Record<string, Float32Array | Uint32Array>;
  readonly residents: Record<string, Float32Array | Uint32Array>;
  readonly summary: string;
}

type Next = () => number;

const pick = <T>(next: Next, items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
const chance = (next: Next, probability: number): boolean => next() < probability;

function randomConfig(next: Next): DebertaV2Config {
  const heads = randomInteger(next, 1, 4);
  const headSize = pick(next, [1, 3, 4, 5, 8, 14, 16, 20, 64]);
  const hidden = heads * headSize;
  const divisors = [1, 2, 3, 4, hidden].filter((groups) => hidden % groups === 0);
  const conv = chance(next, 0.4);
  return new DebertaV2Config({
    model_type: "deberta-v2",
    vocab_size: randomInteger(next, 5, 60),
    hidden_size: hidden,
    num_attention_heads: heads,
    num_hidden_layers: randomInteger(next, 1, 3),
    intermediate_size: pick(next, [1, 7, 16, 33, 96]),
    hidden_act: pick(next, ACTIVATION_NAMES),
    layer_norm_eps: pick(next, [1e-7, 1e-5, 0.1]),
    relative_attention: chance(next, 0.8),
    pos_att_type: pick(next, [["c2p", "p2c"], ["c2p"], ["p2c"], []]),
    position_buckets: pick(next, [-1, 4, 8, 32]),
    max_relative_positions: pick(next, [-1, 40, 64]),
    max_position_embeddings: pick(next, [64, 128]),
    share_att_key: chance(next, 0.5),
    norm_rel_ebd: pick(next, ["none", "layer_norm"]),
    position_biased_input: chance(next, 0.4),
    embedding_size: chance(next, 0.2) ? randomInteger(next, 1, 40) : hidden,
    pooler_hidden_act: pick(next, ACTIVATION_NAMES),
    ...(conv
      ? {
          conv_kernel_size: pick(next, [1, 3, 5, 7]),
          conv_groups: pick(next, divisors),
          conv_act: pick(next, ACTIVATION_NAMES),
        }
      : {}),
  });
}

function randomHead(next: Next, config: DebertaV2Config): HeadSpec {
  const labels = randomInteger(next, 1, 9);
  const lm = {
    dense: "lm_predictions.lm_head.dense",
    norm: "lm_predictions.lm_head.LayerNorm",
    bias: "lm_predictions.lm_head.bias",
    width: config.embeddingSize,
    table: "deberta.embeddings.word_embeddings.weight",
    vocabulary: config.vocabSize,
  };
  const decodes =
    !config.positionBiasedInput && config.embeddingSize === config.hiddenSize && config.numHiddenLayers > 1;
  return pick<HeadSpec>(next, [
    { kind: "none" },
    { kind: "pooled", labels },
    { kind: "rows", prefix: "classifier", labels },
    { kind: "maskedLm", lm, maskDecoder: decodes && chance(next, 0.7) },
  ]);
}

/** Rows with no mask, padding at either end, holes, or a mask for every pair. */
function randomRows(next: Next): CheckedRow[] {
  return Array.from({ length: randomInteger(next, 1, 4) }, () => {
    const length = randomInteger(next, 1, chance(next, 0.2) ? 50 : 18);
    const whole = { length, first: 0, end: length };
    switch (pick(next, ["none", "none", "right", "left", "holes", "pairs"])) {
      case "right":
        return { ...whole, mask: Uint8Array.from({ length }, (_, i) => (i < length / 2 ? 1 : 0)) };
      case "left":
        return { ...whole, mask: Uint8Array.from({ length }, (_, i) => (i < length / 2 ? 0 : 1)) };
      case "holes":
        return { ...whole, mask: Uint8Array.from({ length }, () => (chance(next, 0.6) ? 1 : 0)) };
      case "pairs": {
        const pairMask = Uint8Array.from({ length: length * length }, () => (chance(next, 0.6) ? 1 : 0));
        const mask = Uint8Array.from({ length }, (_, j) =>
          pairMask.some((sees, at) => sees && at % length === j) ? 1 : 0,
        );
        return { ...whole, pairMask, mask };
      }
      default:
        return whole;
    }
  });
}

/** A resident's values, from random tensors packed by the interpreter's packWeights. */
function packed(spec: ResidentSpec, tensors: Map<string, Float32Array>, next: Next): Float32Array {
  const total = elements(spec.type);
  let values = new Float32Array(total);
  for (const part of spec.parts) {
    const count = part.shape.reduce((product, size) => product * size, 1);
    let tensor = tensors.get(part.tensor);
    if (!tensor) {
      const fanIn = part.shape.length > 1 ? count / part.shape[0]! : 1;
      tensor = randomValues(count, Math.floor(next() * 2 ** 31), part.shape.length > 1 ? Math.sqrt(3 / fanIn) : 1);
      tensors.set(part.tensor, tensor);
    }
    const perRow = count / part.shape[0]!;
    const [from, to] = part.rows ?? [0, part.shape[0]!];
    const words = new Uint32Array(tensor.slice(from * perRow, to * perRow).buffer);
    const graph = new Graph();
    const file = graph.input("file", { shape: [words.length], dtype: "u32" });
    const rows = spec.type.shape.length > 1 ? rowsOf(spec.type) : 1;
    const { layout, input, output, scale } = part;
    const into = { rows, columns: lastOf(spec.type), from: part.from };
    graph.add("packed", packWeights, [file], { dtype: "F32", layout, input, output, scale, into });
    const result = interpret(graph, { file: words }).get("packed")!;
    values = values.map((value, i) => (Number.isNaN(result[i]!) ? value : result[i]!));
  }
  return values;
}

/** The model of a seed, for a device's tile sizes. */
export function randomModel(seed: number, device: Capabilities): RandomModel {
  const next = generator(seed);
  const config = randomConfig(next);
  const head = randomHead(next, config);
  const rows = randomRows(next);
  const sequences = rows
    .map((row, source) => sequenceOf(row, source, head.kind === "pooled"))
    .filter((sequence): sequence is Sequence => sequence !== undefined);
  if (sequences.length === 0) sequences.push({ source: 0, from: 0, length: rows[0]!.length });
  let asked: AskedRow[] | undefined;
  if (head.kind === "pooled") asked = sequences.map((_, sequence) => ({ sequence, column: 0 }));
  else if (head.kind === "maskedLm" && chance(next, 0.6))
    asked = sequences.flatMap(({ length }, sequence) =>
      chance(next, 0.8) ? [{ sequence, column: randomInteger(next, 0, length - 1) }] : [],
    );
  const { table, reach } = slotTable(config);
  const { shape, tables } = packBatch(sequences, asked?.length ? asked : undefined, device, {
    heads: config.numAttentionHeads,
    slots: config.relativeSlots,
    gatherFrom: chance(next, 0.3) ? 0 : 512,
    scoreBytes: chance(next, 0.3) ? 4096 : 2 ** 26,
  });
  const everything = chance(next, 0.4);
  const b = debertaGraph(config, head, {
    shape,
    reach,
    hiddenStates: everything,
    attentions: everything && chance(next, 0.5),
    statesOnly: false,
  });

  const tensors = new Map<string, Float32Array>();
  const residents: Record<string, Float32Array | Uint32Array> = {};
  for (const spec of b.residents.values()) residents[spec.name] = packed(spec, tensors, next);
  if ("slots" in residents) residents["slots"] = table;
  const positions = positionGraph(config);
  if (positions) {
    for (const spec of positions.residents.values()) residents[spec.name] ??= packed(spec, tensors, next);
    const values = interpret(positions.graph, {}, residents);
    for (const [name, value] of positions.graph.outputs) {
      if (name in residents) residents[name] = Float32Array.from(values.get(value.name)!);
    }
  }
  const used = Object.fromEntries(b.graph.residents.map(({ name }) => [name, residents[name]!]));
  const inputs: RandomModel["inputs"] = { ...tables };
  for (const { name, type } of b.graph.inputs) {
    if (name in inputs) continue;
    const width = name === "embeddings" ? config.embeddingSize : config.hiddenSize;
    const values = randomValues(elements(type), seed + elements(type), 1);
    inputs[name] = values.map((value, i) => (i % padded(width, 4) < width ? value : 0));
  }
  const lengths = sequences.map(({ length }) => length).join(", ");
  const summary = `${head.kind}, lengths ${lengths}, ${shape.form}${shape.maskWords ? ", masked" : ""}, ${JSON.stringify(config.toJSON())}`;
  return { config, graph: b.graph, inputs, residents: used, summary };
}
