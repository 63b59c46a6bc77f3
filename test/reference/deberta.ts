// DeBERTa-v2 in plain float64, sequence by sequence, straight from its formulas and a table of tensors: shares nothing with the
// engine's graphs, packing or kernels. Slow; what loaded models are compared with where no stored answer exists.
import { activationOf } from "../../src/model/deberta/activations.js";
import type { DebertaV2Config } from "../../src/model/deberta/config.js";
import { slotOf } from "../../src/model/deberta/relative-position.js";
import { activate } from "../../src/self-test/reference/activations.js";

/** Tensors by Transformers' names. */
export type Tensors = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>;

/** One sequence of N columns. */
export interface ReferenceInput {
  readonly ids: readonly number[];
  /** [N] 1 = real; all by default. */
  readonly mask?: readonly number[];
  /** [N][N] row i: what column i may attend to; follows from `mask` by default. */
  readonly pairMask?: readonly (readonly number[])[];
  readonly types?: readonly number[];
  readonly positions?: readonly number[];
}

type Row = Float64Array;

export interface ReferenceStates {
  /** L + 1 times [N][D]. */
  readonly hiddenStates: Row[][];
  /** L times [H][N][N]. */
  readonly attentions: Row[][][];
}

export class ReferenceModel {
  private readonly config: DebertaV2Config;
  private readonly tensors: Tensors;
  private readonly relative: Row[];
  /** Rows of the relative table through each projection, computed when a distance needs them. */
  private readonly projected = new Map<string, Row[]>();

  constructor(config: DebertaV2Config, tensors: Tensors) {
    this.config = config;
    this.tensors = tensors;
    const slots = Array.from({ length: config.relativeSlots }, (_, slot) => slot);
    this.relative = slots.map((slot) => {
      const row = this.row("deberta.encoder.rel_embeddings.weight", slot);
      return config.normRelEbd ? this.layerNorm(row, "deberta.encoder.LayerNorm") : row;
    });
  }

  /** Embeddings and every layer. */
  states(input: ReferenceInput): ReferenceStates {
    const { numHiddenLayers, convKernelSize } = this.config;
    const embedded = this.embeddings(input);
    const hiddenStates = [embedded];
    const attentions: Row[][][] = [];
    for (let layer = 0; layer < numHiddenLayers; layer++) {
      const x = hiddenStates.at(-1)!;
      const { y, attention } = this.layer(layer, x, x, input);
      attentions.push(attention);
      hiddenStates.push(layer === 0 && convKernelSize > 0 ? this.convLayer(embedded, y, input) : y);
    }
    return { hiddenStates, attentions };
  }

  /** Logits [C] of the context pooler and classifier. */
  pooledLogits({ hiddenStates }: ReferenceStates): Row {
    const pooled = this.linear(hiddenStates.at(-1)![0]!, "pooler.dense", this.config.poolerHiddenAct);
    return this.linear(pooled, "classifier");
  }

  /** Logits [N][C] of one linear layer. */
  rowLogits({ hiddenStates }: ReferenceStates, prefix: string): Row[] {
    return hiddenStates.at(-1)!.map((row) => this.linear(row, prefix));
  }

  /** Logits [N][V] of Transformers' masked-LM head, or of the authors' enhanced mask decoder over the new one. */
  maskedLmLogits(states: ReferenceStates, input: ReferenceInput, decoder: boolean): Row[] {
    const isNew = this.tensors.has("lm_predictions.lm_head.dense.weight");
    const dense = isNew ? "lm_predictions.lm_head.dense" : "cls.predictions.transform.dense";
    const norm = isNew ? "lm_predictions.lm_head.LayerNorm" : "cls.predictions.transform.LayerNorm";
    const bias = this.vector(isNew ? "lm_predictions.lm_head.bias" : "cls.predictions.bias");
    const own = !isNew && !this.config.tieWordEmbeddings;
    const table = own ? "cls.predictions.decoder.weight" : "deberta.embeddings.word_embeddings.weight";
    const rows = decoder ? this.maskDecoder(states, input) : states.hiddenStates.at(-1)!;
    return rows.map((row) => {
      const state = this.layerNorm(this.linear(row, dense, this.config.hiddenAct), norm);
      return Float64Array.from({ length: this.config.vocabSize }, (_, word) => {
        return dot(state, this.row(table, word)) + bias[word]!;
      });
    });
  }

  private maskDecoder({ hiddenStates }: ReferenceStates, input: ReferenceInput): Row[] {
    const keys = hiddenStates.at(-2)!;
    let query = keys.map((row, i) => {
      return plus(row, this.row("deberta.embeddings.position_embeddings.weight", input.positions?.[i] ?? i));
    });
    for (let pass = 0; pass < 2; pass++) query = this.layer(this.config.numHiddenLayers - 1, query, keys, input).y;
    return query;
  }

  private embeddings(input: ReferenceInput): Row[] {
    const { positionBiasedInput, typeVocabSize, embeddingSize, hiddenSize } = this.config;
    const prefix = "deberta.embeddings";
    const mask = tokenMask(input);
    return input.ids.map((id, i) => {
      let x = this.row(`${prefix}.word_embeddings.weight`, id);
      if (positionBiasedInput) x = plus(x, this.row(`${prefix}.position_embeddings.weight`, input.positions?.[i] ?? i));
      if (typeVocabSize > 0) x = plus(x, this.row(`${prefix}.token_type_embeddings.weight`, input.types?.[i] ?? 0));
      if (embeddingSize !== hiddenSize) x = this.linear(x, `${prefix}.embed_proj`);
      return this.layerNorm(x, `${prefix}.LayerNorm`).map((value) => value * mask[i]!);
    });
  }

  private layer(
    layer: number,
    queries: readonly Row[],
    keys: readonly Row[],
    input: ReferenceInput,
  ): { y: Row[]; attention: Row[][] } {
    const prefix = `deberta.encoder.layer.${layer}`;
    const { context, attention } = this.attend(`${prefix}.attention.self`, queries, keys, input);
    const y = context.map((row, i) => {
      const projected = plus(this.linear(row, `${prefix}.attention.output.dense`), queries[i]!);
      const a = this.layerNorm(projected, `${prefix}.attention.output.LayerNorm`);
      const inner = this.linear(a, `${prefix}.intermediate.dense`, this.config.hiddenAct);
      return this.layerNorm(plus(this.linear(inner, `${prefix}.output.dense`), a), `${prefix}.output.LayerNorm`);
    });
    return { y, attention };
  }

  private attend(
    self: string,
    queries: readonly Row[],
    keys: readonly Row[],
    { mask, pairMask }: ReferenceInput,
  ): { context: Row[]; attention: Row[][] } {
    const { numAttentionHeads: H, headSize: d, hiddenSize, scaleFactor, shareAttKey, posAttType } = this.config;
    const isRelative = this.config.relativeSlots > 0;
    const q = queries.map((row) => this.linear(row, `${self}.query_proj`));
    const k = keys.map((row) => this.linear(row, `${self}.key_proj`));
    const v = keys.map((row) => this.linear(row, `${self}.value_proj`));
    const keyOf = shareAttKey ? `${self}.key_proj` : `${self}.pos_key_proj`;
    const queryOf = shareAttKey ? `${self}.query_proj` : `${self}.pos_query_proj`;
    const [posK, posQ] = [this.projection(keyOf), this.projection(queryOf)];
    const scale = Math.fround(Math.sqrt(d * scaleFactor)); // Transformers takes this root in float32, whatever the weights are
    const context = queries.map(() => new Float64Array(hiddenSize));
    const attention = Array.from({ length: H }, (_, h) => {
      const from = h * d;
      return q.map((query, i) => {
        const allowed = k.map((_, j) => (pairMask ? pairMask[i]![j]! : (mask?.[i] ?? 1) * (mask?.[j] ?? 1)));
        const isBlind = !allowed.includes(1); // Transformers lets such a row attend to everything alike
        const scores = k.map((key, j) => {
          if (isBlind) return 0;
          if (!allowed[j]) return -Infinity;
          let score = dot(query, key, from, from + d);
          if (!isRelative) return score / scale;
          const slot = slotOf(this.config, i - j);
          if (posAttType.includes("c2p")) score += dot(query, posK(slot), from, from + d);
          if (posAttType.includes("p2c")) score += dot(key, posQ(slot), from, from + d);
          return score / scale;
        });
        const most = Math.max(...scores);
        const powers = Float64Array.from(scores, (score) => Math.exp(score - most));
        const sum = powers.reduce((total, power) => total + power);
        const p = powers.map((power) => power / sum);
        v.forEach((value, j) => {
          for (let c = from; c < from + d; c++) context[i]![c]! += p[j]! * value[c]!;
        });
        return p;
      });
    });
    return { context, attention };
  }

  private convLayer(embedded: readonly Row[], y: readonly Row[], input: ReferenceInput): Row[] {
    const { convKernelSize: K, convGroups, hiddenSize: D, convAct } = this.config;
    const weight = this.tensors.get("deberta.encoder.conv.conv.weight")!.data;
    const bias = this.vector("deberta.encoder.conv.conv.bias");
    const width = D / convGroups;
    const kind = activationOf(convAct, "conv_act");
    const mask = tokenMask(input);
    return y.map((row, i) => {
      const conv = row.map((_, o) => {
        const group = Math.floor(o / width) * width;
        let sum = bias[o]!;
        for (let t = 0; t < K; t++) {
          const neighbour = embedded[i + t - (K - 1) / 2];
          if (!neighbour) continue;
          for (let c = 0; c < width; c++) sum += weight[(o * width + c) * K + t]! * neighbour[group + c]!;
        }
        return activate(kind, sum * mask[i]!);
      });
      return this.layerNorm(plus(row, conv), "deberta.encoder.conv.LayerNorm").map((value) => value * mask[i]!);
    });
  }

  /** The rows of the relative table through a projection, by their slot. */
  private projection(prefix: string): (slot: number) => Row {
    const rows = this.projected.get(prefix) ?? [];
    this.projected.set(prefix, rows);
    return (slot) => (rows[slot] ??= this.linear(this.relative[slot]!, prefix));
  }

  /** activation(x · Wᵀ + b); without b where the file has none. */
  private linear(x: Row, prefix: string, activation?: string): Row {
    const { data, shape } = this.tensors.get(`${prefix}.weight`)!;
    const bias = this.tensors.get(`${prefix}.bias`)?.data;
    const kind = activation === undefined ? "linear" : activationOf(activation, "hidden_act");
    return Float64Array.from({ length: shape[0]! }, (_, o) => {
      let sum = bias?.[o] ?? 0;
      for (let c = 0, at = o * x.length; c < x.length; c++) sum += data[at + c]! * x[c]!;
      return activate(kind, sum);
    });
  }

  private layerNorm(x: Row, prefix: string): Row {
    const [gamma, beta] = [this.vector(`${prefix}.weight`), this.vector(`${prefix}.bias`)];
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    const scale = 1 / Math.sqrt(variance + this.config.layerNormEps);
    return x.map((value, i) => (value - mean) * scale * gamma[i]! + beta[i]!);
  }

  private vector(name: string): ArrayLike<number> {
    return this.tensors.get(name)!.data;
  }

  private row(name: string, index: number): Row {
    const { shape, data } = this.tensors.get(name)!;
    const width = shape[1]!;
    return Float64Array.from({ length: width }, (_, i) => data[index * width + i]!);
  }
}

/** [N] 1 = a real token; under a mask of pairs one that some column attends to. */
function tokenMask({ ids, mask, pairMask }: ReferenceInput): readonly number[] {
  if (pairMask) return ids.map((_, j) => (pairMask.some((row) => row[j] === 1) ? 1 : 0));
  return mask ?? ids.map(() => 1);
}

function plus(a: Row, b: Row): Row {
  return a.map((value, i) => value + b[i]!);
}

function dot(a: Row, b: Row, from = 0, to: number = a.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += a[i]! * b[i]!;
  return sum;
}
