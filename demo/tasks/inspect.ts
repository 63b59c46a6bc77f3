// Looking inside a model as any page would: attention, its three terms, and the states between layers.
import type { Tensor } from "deberta-webgpu";
import { rowCentred, TERMS, type Head, type Term } from "../inspection.js";
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export const WINDOW = 128; // tokens looked at together
const SHARED = 32;

export interface Input {
  readonly text: string;
  /** Which window of a long text. */
  readonly window: number;
  /** Of a large model only the terms of this one of its attentions are computed. */
  readonly layer: number;
}

/** A layer, or a pass of the mask decoder. */
export interface Attending {
  /** "2", "D1" */
  readonly name: string;
  /** "Layer 2", "Mask decoder, pass 1" */
  readonly title: string;
  readonly isPass: boolean;
  /** Undefined where the terms were not asked for. */
  readonly heads: readonly Head[] | undefined;
}

export interface Inspection {
  readonly tokens: readonly string[];
  readonly windows: number;
  /** In the order in which they run. */
  readonly attentions: readonly Attending[];
  /** [attentions + 1] of [N, D]: the embeddings, and what each attention's layer makes of them. */
  readonly states: readonly Float32Array[];
}

export const load = (...from: LoadArguments) => pipeline("feature-extraction", ...from);

/** With the head of a masked-language model, and so with its enhanced mask decoder, where the checkpoint holds one. */
export const loadDecoder = (...from: LoadArguments) => pipeline("fill-mask", ...from);

export type Pipe = Pick<EngineOf<typeof load | typeof loadDecoder>, "model" | "tokenizer" | "dispose">;

export async function run(pipe: Pipe, input: Input, signal: AbortSignal): Promise<Inspection> {
  const { model, tokenizer } = pipe;
  const first = await tokenizer.encode(input.text, undefined, {
    truncation: true,
    maxLength: WINDOW,
    stride: SHARED,
    returnOverflowingTokens: true,
  });
  const windows = [first, ...first.overflowing];
  const { ids, tokens } = windows[Math.min(input.window, windows.length - 1)]!;
  const { config } = model;
  const last = config.numHiddenLayers - 1;
  const attentionTerms = wholeModel(config) ? true : [Math.min(input.layer, last)];
  const values = await model.inspect({ inputIds: [ids] }, { attentionTerms, signal });
  const scopes = scopesOf(config, values);
  const attentions = scopes.map(({ name, title, isPass, scope }) => ({
    name,
    title,
    isPass,
    heads: headsOf(values, scope, config.numAttentionHeads, ids.length),
  }));
  const states = ["embeddings", ...scopes.map(({ states }) => states)].map(
    (scope) => values.get(`${scope}.norm`)!.data,
  );
  return { tokens, windows: windows.length, attentions, states };
}

interface Scope {
  readonly name: string;
  readonly title: string;
  readonly isPass: boolean;
  /** Of the attention's values. */
  readonly scope: string;
  /** Of the states after it. */
  readonly states: string;
}

/** The layers; where a mask decoder ran, its two passes in place of the last one. */
function scopesOf({ numHiddenLayers, convKernelSize }: Pipe["model"]["config"], values: Map<string, Tensor>): Scope[] {
  const layers = Array.from({ length: numHiddenLayers }, (_, index): Scope => {
    const scope = `encoder.layer.${index}`;
    const states = index === 0 && convKernelSize > 0 ? "encoder.conv" : scope; // the conv layer adds to the first one's
    return { name: `${index + 1}`, title: `Layer ${index + 1}`, isPass: false, scope, states };
  });
  const passes = [1, 2].map((pass): Scope => {
    const scope = `head.maskDecoder.pass.${pass - 1}`;
    return { name: `D${pass}`, title: `Mask decoder, pass ${pass}`, isPass: true, scope, states: scope };
  });
  return values.has(`${passes[0]!.scope}.norm`) ? [...layers.slice(0, -1), ...passes] : layers;
}

/** The heads of an attention, where its terms were asked for. */
function headsOf(values: Map<string, Tensor>, scope: string, count: number, size: number): Head[] | undefined {
  const terms = TERMS.map((term) => values.get(`${scope}.attention.${term}`)?.data);
  if (terms.some((term) => !term)) return undefined;
  const attention = values.get(`${scope}.probabilities`)!.data;
  return Array.from({ length: count }, (_, head): Head => {
    const [from, to] = [head * size * size, (head + 1) * size * size];
    const centred = terms.map((term) => rowCentred(term!.subarray(from, to), size));
    return {
      size,
      attention: attention.subarray(from, to),
      terms: Object.fromEntries(TERMS.map((term, index) => [term, centred[index]!])) as Record<Term, Float32Array>,
    };
  });
}

/** Whether the checkpoint is a masked-language model, which may hold the paper's mask decoder. */
export const fillsMasks = ({ extra }: Pipe["model"]["config"]): boolean =>
  String(extra.get("architectures")).includes("ForMaskedLM");

/** Whether all layers' terms together are small enough to be had at once. */
export const wholeModel = (config: { numHiddenLayers: number; numAttentionHeads: number }): boolean =>
  config.numHiddenLayers * config.numAttentionHeads <= 32;

export const code = (source: string, text: string): string =>
  `import { DebertaV2Model, DebertaV2TokenizerFast } from "deberta-webgpu";

const tokenizer = await DebertaV2TokenizerFast.fromPretrained(${source});
const model = await DebertaV2Model.fromPretrained(${source});
const { ids } = tokenizer.encode(${JSON.stringify(text)});
const values = await model.inspect({ inputIds: [ids] }, { attentionTerms: [0] });
values.get("encoder.layer.0.attention.c2p"); // [1, heads, N, N], scaled, before softmax
await model.dispose();`;
