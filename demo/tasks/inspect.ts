// Looking inside a model as any page would: attention, its three terms, and the states between layers.
import { rowCentred, TERMS, type Head, type Term } from "../inspection.js";
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export const WINDOW = 128; // tokens looked at together
const SHARED = 32;

export interface Input {
  readonly text: string;
  /** Which window of a long text. */
  readonly window: number;
  /** Of a large model only this layer's terms are computed. */
  readonly layer: number;
}

export interface Inspection {
  readonly tokens: readonly string[];
  readonly windows: number;
  /** [layers][heads]; undefined in layers whose terms were not asked for. */
  readonly heads: readonly (readonly Head[] | undefined)[];
  /** [layers + 1] of [N, D]. */
  readonly states: readonly Float32Array[];
}

export const load = (...from: LoadArguments) => pipeline("feature-extraction", ...from);

export async function run(pipe: EngineOf<typeof load>, input: Input, signal: AbortSignal): Promise<Inspection> {
  const { model, tokenizer } = pipe;
  const first = await tokenizer.encode(input.text, undefined, {
    truncation: true,
    maxLength: WINDOW,
    stride: SHARED,
    returnOverflowingTokens: true,
  });
  const windows = [first, ...first.overflowing];
  const { ids, tokens } = windows[Math.min(input.window, windows.length - 1)]!;
  const inputs = { inputIds: [ids] };
  const { hiddenStates, attentions } = await model.forward(
    { ...inputs, outputHiddenStates: true, outputAttentions: true },
    { signal },
  );
  signal.throwIfAborted();
  const layers = wholeModel(model.config) ? true : [input.layer];
  const values = await model.inspect(inputs, { attentionTerms: layers });
  const size = ids.length;
  const heads = attentions!.map((attention, layer) => {
    const terms = TERMS.map((term) => values.get(`encoder.layer.${layer}.attention.${term}`)?.data);
    if (terms.some((term) => !term)) return undefined;
    return Array.from({ length: model.config.numAttentionHeads }, (_, head): Head => {
      const [from, to] = [head * size * size, (head + 1) * size * size];
      const centred = terms.map((term) => rowCentred(term!.subarray(from, to), size));
      return {
        size,
        attention: attention.data.subarray(from, to),
        terms: Object.fromEntries(TERMS.map((term, index) => [term, centred[index]!])) as Record<Term, Float32Array>,
      };
    });
  });
  return { tokens, windows: windows.length, heads, states: hiddenStates!.map(({ data }) => data) };
}

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
