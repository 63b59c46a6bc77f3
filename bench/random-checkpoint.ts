// A checkpoint of any size made on the fly: safetensors with pseudo-random weights, as a folder that the engine reads like any
// other. Nothing is stored; bytes are generated when a range is read.

/** The fields of config.json that decide about tensors. */
export interface ShapeConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly conv_kernel_size?: number;
}

/** Common to every Microsoft v2 and v3 model. */
const COMMON = {
  model_type: "deberta-v2",
  max_position_embeddings: 512,
  max_relative_positions: -1,
  position_buckets: 256,
  relative_attention: true,
  pos_att_type: "p2c|c2p",
  share_att_key: true,
  norm_rel_ebd: "layer_norm",
  position_biased_input: false,
  type_vocab_size: 0,
  layer_norm_eps: 1e-7,
  hidden_act: "gelu",
};

/** Public shapes; the vocabulary is cut, because it costs download only and never computing. */
export const SHAPES: Readonly<Record<string, ShapeConfig>> = {
  "v3-xsmall": {
    vocab_size: 1000,
    hidden_size: 384,
    num_hidden_layers: 12,
    num_attention_heads: 6,
    intermediate_size: 1536,
  },
  "v3-base": {
    vocab_size: 1000,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
  },
};

/** Those that a browser hardly holds. */
export const LARGE_SHAPES: Readonly<Record<string, ShapeConfig>> = {
  "v2-xlarge": {
    vocab_size: 1000,
    hidden_size: 1536,
    num_hidden_layers: 24,
    num_attention_heads: 24,
    intermediate_size: 6144,
    conv_kernel_size: 3,
  },
  "v2-xxlarge": {
    vocab_size: 1000,
    hidden_size: 1536,
    num_hidden_layers: 48,
    num_attention_heads: 24,
    intermediate_size: 6144,
    conv_kernel_size: 3,
  },
};

/** Floating point operations of the encoder: linear layers of all tokens, three attention products and values of all pairs. */
export function forwardFlops(
  { hidden_size: D, intermediate_size: F, num_hidden_layers: L }: ShapeConfig,
  lengths: readonly number[],
): number {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const pairs = lengths.reduce((sum, length) => sum + length * length, 0);
  return L * (2 * tokens * (4 * D * D + 2 * D * F) + 2 * 4 * pairs * D);
}

/** Token ids of texts of these lengths. */
export function madeIds(lengths: readonly number[]): number[][] {
  return lengths.map((length, row) => Array.from({ length }, (_, i) => (7 * i + 13 * row) % 997));
}

/** A tensor's name and shape. */
export type Shape = readonly [name: string, shape: readonly number[]];

export const linear = (name: string, out: number, input: number): Shape[] => [
  [`${name}.weight`, [out, input]],
  [`${name}.bias`, [out]],
];

function encoderTensors(config: ShapeConfig): Shape[] {
  const { vocab_size: V, hidden_size: D, intermediate_size: F, conv_kernel_size: taps = 0 } = config;
  const norm = (name: string): Shape[] => [
    [`${name}.weight`, [D]],
    [`${name}.bias`, [D]],
  ];
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) => {
    const at = `deberta.encoder.layer.${i}`;
    return [
      ...["query_proj", "key_proj", "value_proj"].flatMap((name) => linear(`${at}.attention.self.${name}`, D, D)),
      ...linear(`${at}.attention.output.dense`, D, D),
      ...norm(`${at}.attention.output.LayerNorm`),
      ...linear(`${at}.intermediate.dense`, F, D),
      ...linear(`${at}.output.dense`, D, F),
      ...norm(`${at}.output.LayerNorm`),
    ];
  });
  return [
    ["deberta.embeddings.word_embeddings.weight", [V, D]],
    ...norm("deberta.embeddings.LayerNorm"),
    ["deberta.encoder.rel_embeddings.weight", [512, D]],
    ...norm("deberta.encoder.LayerNorm"),
    ...(taps > 0
      ? ([
          ["deberta.encoder.conv.conv.weight", [D, D, taps]],
          ["deberta.encoder.conv.conv.bias", [D]],
          ...norm("deberta.encoder.conv.LayerNorm"),
        ] as Shape[])
      : []),
    ...layers.flat(),
  ];
}

/** A pseudo-random word for every index. */
function word(index: number): number {
  let x = Math.imul(index + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  return x ^ (x >>> 13);
}

/** One tensor of the file. */
interface Entry {
  readonly name: string;
  readonly dtype: "F32" | "I8";
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Bytes [start, end) of a tensor: floats between −0.05 and 0.05, integers of eight bits, or scales that make these such floats. */
function randomBytes({ name, dtype, start: first }: Entry, start: number, end: number): Uint8Array {
  const [from, to] = [Math.floor((start - first) / 4), Math.ceil((end - first) / 4)];
  const words = new Uint32Array(to - from);
  const floats = new Float32Array(words.buffer);
  if (name.endsWith("_scale")) floats.fill(0.05 / 127);
  else
    for (let i = 0; i < words.length; i++) {
      const x = word(first / 4 + from + i);
      if (dtype === "I8") words[i] = x;
      else floats[i] = ((x >>> 8) / 2 ** 24 - 0.5) * 0.1;
    }
  return new Uint8Array(words.buffer, start - first - 4 * from, end - start);
}

/** The tensors in the order of the file: matrices of the layers as floats, or in eight bits behind a scale for each row. */
function entriesOf(tensors: readonly Shape[], dtype: Entry["dtype"]): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  const add = (name: string, own: Entry["dtype"], dims: readonly number[]) => {
    const start = at;
    at += dims.reduce((product, size) => product * size, own === "I8" ? 1 : 4);
    entries.push({ name, dtype: own, shape: dims, start, end: at });
  };
  for (const [name, dims] of tensors) {
    const isSmall = dtype === "I8" && dims.length === 2 && name.includes(".layer.");
    if (isSmall) add(`${name}_scale`, "F32", [dims[0]!, 1]);
    add(name, isSmall ? "I8" : "F32", dims);
  }
  return entries;
}

interface Folder {
  open(name: string): Promise<Source | undefined>;
}

const configOf = (shape: ShapeConfig) => ({
  ...COMMON,
  ...shape,
  ...(shape.conv_kernel_size ? { conv_act: "gelu" } : {}),
});

/** A folder with config.json and model.safetensors of a shape, with a classifier. */
export function randomCheckpoint(shape: ShapeConfig, dtype: Entry["dtype"] = "F32"): Folder {
  const D = shape.hidden_size;
  const tensors = [...encoderTensors(shape), ...linear("pooler.dense", D, D), ...linear("classifier", 2, D)];
  return randomFolder(tensors, { "config.json": configOf(shape) }, dtype);
}

/** The sizes of a GLiNER's head. */
export interface GlinerShape {
  /** h. */
  readonly hidden_size: number;
  readonly max_width: number;
  readonly class_token_index: number;
}

/** A folder of a GLiNER as published since v2.1: spans by markerV0 behind one LSTM layer. */
export function randomGliner(shape: ShapeConfig, gliner: GlinerShape): Folder {
  const h = gliner.hidden_size;
  const mlp = (name: string, input: number): Shape[] => [
    ...linear(`${name}.0`, 4 * h, input),
    ...linear(`${name}.3`, h, 4 * h),
  ];
  const gates = 2 * h; // four of h/2 units
  const lstm = ["", "_reverse"].flatMap((side): Shape[] => [
    [`rnn.lstm.weight_ih_l0${side}`, [gates, h]],
    [`rnn.lstm.weight_hh_l0${side}`, [gates, h / 2]],
    [`rnn.lstm.bias_ih_l0${side}`, [gates]],
    [`rnn.lstm.bias_hh_l0${side}`, [gates]],
  ]);
  const tensors = [
    ...encoderTensors(shape).map(([name, dims]): Shape => [
      name.replace("deberta.", "token_rep_layer.bert_layer.model."),
      dims,
    ]),
    ...linear("token_rep_layer.projection", h, shape.hidden_size),
    ...lstm,
    ...mlp("span_rep_layer.span_rep_layer.project_start", h),
    ...mlp("span_rep_layer.span_rep_layer.project_end", h),
    ...mlp("span_rep_layer.span_rep_layer.out_project", 2 * h),
    ...mlp("prompt_rep_layer", h),
  ];
  const config = { ...gliner, encoder_config: configOf(shape) };
  return randomFolder(tensors, { "gliner_config.json": config, "tokenizer_config.json": {} });
}

/** Files, and model.safetensors with these tensors. */
function randomFolder(
  tensors: readonly Shape[],
  json: Readonly<Record<string, unknown>>,
  dtype: Entry["dtype"] = "F32",
): Folder {
  const entries = entriesOf(tensors, dtype);
  const described = entries.map(({ name, dtype: own, shape: dims, start, end }) => [
    name,
    { dtype: own, shape: dims, data_offsets: [start, end] },
  ]);
  const names = new TextEncoder().encode(JSON.stringify(Object.fromEntries(described)));
  const header = new Uint8Array(8 + Math.ceil(names.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(names, 8);
  const files: Record<string, Source> = {
    ...Object.fromEntries(
      Object.entries(json).map(([name, value]) => [name, inMemory(new TextEncoder().encode(JSON.stringify(value)))]),
    ),
    "model.safetensors": {
      size: header.length + entries.at(-1)!.end,
      async *read(start, end) {
        if (start < header.length) yield header.subarray(start, end);
        for (const entry of entries) {
          const last = Math.min(end - header.length, entry.end);
          for (let from = Math.max(start - header.length, entry.start); from < last; from += 2 ** 18)
            yield randomBytes(entry, from, Math.min(last, from + 2 ** 18));
        }
        await Promise.resolve();
      },
    },
  };
  return { open: (name) => Promise.resolve(files[name]) };
}

interface Source {
  readonly size: number;
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

function inMemory(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    async *read(start, end) {
      yield bytes.subarray(start, end);
      await Promise.resolve();
    },
  };
}
