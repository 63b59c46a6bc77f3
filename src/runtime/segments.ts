// The order of a run, and where it is cut: submits of bounded work, and outputs that leave as soon as they are there. Pure.
import { byteLength, type Dispatch } from "../kernels/kernel.js";
import type { Graph, Value } from "./graph.js";

/** What a run does in order: a dispatch, or an output copied right after its node, so that it lives no longer. */
export type Action =
  | { readonly step: number; readonly flops: number }
  | { readonly output: string; readonly value: Value; readonly bytes: number };

export function actionsOf(graph: Graph, dispatches: readonly Dispatch[]): Action[] {
  const made = new Map<Value, { output: string; value: Value; bytes: number }[]>();
  for (const [output, value] of graph.outputs)
    made.set(value, [...(made.get(value) ?? []), { output, value, bytes: byteLength(value.type) }]);
  const given = [...graph.inputs, ...graph.residents].flatMap((value) => made.get(value) ?? []);
  const nodes = graph.nodes.map(({ output }, step) => [
    { step, flops: dispatches[step]!.work.flops },
    ...(made.get(output) ?? []),
  ]);
  return [...given, ...nodes.flat()];
}

/** The action before which a submit that begins with action `from` ends: at most `budget` flops, but one dispatch at least. */
export function segmentEnd(actions: readonly Action[], from: number, budget: number): number {
  let flops = 0;
  for (let at = from; at < actions.length; at++) {
    const action = actions[at]!;
    if ("output" in action) continue;
    if (flops > 0 && flops + action.flops > budget) return at;
    flops += action.flops;
  }
  return actions.length;
}
