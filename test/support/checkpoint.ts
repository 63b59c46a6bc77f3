// Small checkpoints made in memory: config.json and model.safetensors with random weights for any config and head, to be
// loaded like any other, altered, or cut short.
import { bytesFromMemory, type Folder } from "../../src/checkpoint/byte-source.js";
import { halfBits } from "../../src/checkpoint/floats.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { randomValues } from "./random.js";

export interface MadeTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A checkpoint before it is written; change what you like. */
export interface MadeCheckpoint {
  readonly json: Record<string, unknown>;
  readonly tensors: Map<string, MadeTensor>;
}

/** Which head's tensors a checkpoint has; "lm" is the legacy masked-LM head, "emd" the authors' with absolute positions. */
export type MadeHead = "none" | "pooled" | "tokens" | "spans" | "lm" | "emd";

/** A v3 in miniature: shared projections, log buckets, normed relative table. */
export const MINIATURE = {
  model_type: "deberta-v2",
  vocab_size: 50,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 40,
  hidden_act: "gelu",
  max_position_embeddings: 64,
  layer_norm_eps: 1e-7,
  relative_attention: true,
  position_buckets: 8,
  norm_rel_ebd: "layer_norm",
  share_att_key: true,
  pos_att_type: "p2c|c2p",
  position_biased_input: false,
} as const;

/** The tensors of a config and head, by Transformers' names. */
export function shapesOf(config: DebertaV2Config, head: MadeHead): Map<string, number[]> {
  const { vocabSize: V, hiddenSize: D, embeddingSize: E, intermediateSize: F, convKernelSize: K } = config;
  const shapes = new Map<string, number[]>();
  const linear = (name: string, out: number, input: number) => {
    shapes.set(`${name}.weight`, [out, input]).set(`${name}.bias`, [out]);
  };
  const norm = (name: string, size = D) => shapes.set(`${name}.weight`, [size]).set(`${name}.bias`, [size]);
  const embeddings = "deberta.embeddings";
  shapes.set(`${embeddings}.word_embeddings.weight`, [V, E]);
  if (config.positionBiasedInput || head === "emd")
    shapes.set(`${embeddings}.position_embeddings.weight`, [config.maxPositionEmbeddings, E]);
  if (config.typeVocabSize > 0) shapes.set(`${embeddings}.token_type_embeddings.weight`, [config.typeVocabSize, E]);
  if (E !== D) shapes.set(`${embeddings}.embed_proj.weight`, [D, E]);
  norm(`${embeddings}.LayerNorm`);
  if (config.relativeSlots > 0) shapes.set("deberta.encoder.rel_embeddings.weight", [config.relativeSlots, D]);
  if (config.normRelEbd) norm("deberta.encoder.LayerNorm");
  if (K > 0) {
    shapes.set("deberta.encoder.conv.conv.weight", [D, D / config.convGroups, K]);
    shapes.set("deberta.encoder.conv.conv.bias", [D]);
    norm("deberta.encoder.conv.LayerNorm");
  }
  const { relativeAttention, shareAttKey, posAttType } = config;
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const prefix = `deberta.encoder.layer.${layer}`;
    for (const name of ["query_proj", "key_proj", "value_proj"]) linear(`${prefix}.attention.self.${name}`, D, D);
    if (relativeAttention && !shareAttKey) {
      if (posAttType.includes("c2p")) linear(`${prefix}.attention.self.pos_key_proj`, D, D);
      if (posAttType.includes("p2c")) linear(`${prefix}.attention.self.pos_query_proj`, D, D);
    }
    linear(`${prefix}.attention.output.dense`, D, D);
    norm(`${prefix}.attention.output.LayerNorm`);
    linear(`${prefix}.intermediate.dense`, F, D);
    linear(`${prefix}.output.dense`, D, F);
    norm(`${prefix}.output.LayerNorm`);
  }
  if (head === "pooled") linear("pooler.dense", D, D);
  if (head === "pooled" || head === "tokens") linear("classifier", config.numLabels, D);
  if (head === "spans") linear("qa_outputs", 2, D);
  if (head === "lm" || head === "emd") {
    const prefix = head === "lm" ? "cls.predictions" : "lm_predictions.lm_head";
    const inner = head === "lm" ? `${prefix}.transform` : prefix;
    linear(`${inner}.dense`, E, D);
    norm(`${inner}.LayerNorm`, E);
    shapes.set(`${prefix}.bias`, [V]);
    if (head === "lm" && !config.tieWordEmbeddings) shapes.set(`${prefix}.decoder.weight`, [V, E]);
  }
  return shapes;
}

/** Random weights that keep every layer's values near 1. */
export function makeCheckpoint(fields: object, head: MadeHead, seed = 1): MadeCheckpoint {
  const json = { ...fields };
  const tensors = new Map<string, MadeTensor>();
  let next = 1000 * seed;
  for (const [name, shape] of shapesOf(new DebertaV2Config(json), head)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const isMatrix = shape.length > 1;
    const isTable = /embeddings\.weight$/.test(name);
    const scale = isTable ? 1 : isMatrix ? Math.sqrt((3 * shape[0]!) / count) : 0.3;
    const data = randomValues(count, next++, scale);
    if (name.endsWith("LayerNorm.weight")) for (let i = 0; i < count; i++) data[i]! += 1;
    tensors.set(name, { shape, data });
  }
  return { json, tensors };
}

/** Float types that a file may be written in. */
export type MadeType = "F32" | "F16" | "BF16";

const ENCODE: Readonly<Record<MadeType, (data: Float32Array) => Float32Array | Uint16Array>> = {
  F32: (data) => data,
  F16: (data) => Uint16Array.from(data, halfBits),
  BF16: (data) => Uint16Array.from(new Uint32Array(data.slice().buffer), (bits) => bits >>> 16),
};

/** The bytes of a safetensors file. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, MadeTensor>,
  type: MadeType = "F32",
): Uint8Array<ArrayBuffer> {
  let at = 0;
  const encoded = [...tensors.values()].map(({ data }) => ENCODE[type](data));
  const entries = [...tensors].map(([name, { shape }], index) => {
    const offsets = [at, (at += encoded[index]!.byteLength)];
    return [name, { dtype: type, shape, data_offsets: offsets }] as const;
  });
  const json = JSON.stringify(Object.fromEntries(entries));
  const header = new TextEncoder().encode(json.padEnd(8 * Math.ceil(json.length / 8)));
  const bytes = new Uint8Array(8 + header.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  at = 8 + header.length;
  for (const data of encoded) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** The files of a checkpoint by name. */
export function filesOf(
  { json, tensors }: MadeCheckpoint,
  type: MadeType = "F32",
): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map([
    ["config.json", new TextEncoder().encode(JSON.stringify(json))],
    ["model.safetensors", writeSafetensors(tensors, type)],
  ]);
}

/** A source over files in memory. */
export function folderOf(files: ReadonlyMap<string, Uint8Array>): Folder {
  return {
    open: (name) => {
      const bytes = files.get(name);
      return Promise.resolve(bytes && bytesFromMemory(bytes));
    },
  };
}

/** A checkpoint made and written at once. */
export function madeFolder(fields: object, head: MadeHead, seed = 1): Folder {
  return folderOf(filesOf(makeCheckpoint(fields, head, seed)));
}
