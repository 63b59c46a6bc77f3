// The order of a run, and where it is cut: submits of bounded work, each of one page at most, and outputs that leave as soon as they
// are there. Pure.
import { byteLength, type Dispatch } from "../kernels/kernel.js";
import type { Graph, Node, Value } from "./graph.js";

/** What a run does in order: a dispatch, or an output copied right after its node, so that it lives no longer. */
export type Action =
  | { readonly step: number; readonly flops: number; readonly page: number | undefined }
  | { readonly output: string; readonly value: Value; readonly bytes: number };

/** `pageOf`: the page that a node reads, if any. */
export function actionsOf(
  graph: Graph,
  dispatches: readonly Dispatch[],
  pageOf: (node: Node) => number | undefined = () => undefined,
): Action[] {
  const made = new Map<Value, { output: string; value: Value; bytes: number }[]>();
  for (const [output, value] of graph.outputs)
    made.set(value, [...(made.get(value) ?? []), { output, value, bytes: byteLength(value.type) }]);
  const given = [...graph.inputs, ...graph.residents].flatMap((value) => made.get(value) ?? []);
  const nodes = graph.nodes.map((node, step) => [
    { step, flops: dispatches[step]!.work.flops, page: pageOf(node) },
    ...(made.get(node.output) ?? []),
  ]);
  return [...given, ...nodes.flat()];
}

/** The action before which a submit that begins with action `from` ends: at most `budget` flops and one page, but one dispatch at least. */
export function segmentEnd(actions: readonly Action[], from: number, budget: number): number {
  let flops = 0;
  let page: number | undefined;
  for (let at = from; at < actions.length; at++) {
    const action = actions[at]!;
    if ("output" in action) continue;
    const turns = action.page !== undefined && action.page !== page;
    if (flops > 0 && (turns || flops + action.flops > budget)) return at;
    flops += action.flops;
    page = action.page ?? page;
  }
  return actions.length;
}

/** The page of the segment [from, end), and the one that is read after it. */
export function pagesOf(
  actions: readonly Action[],
  from: number,
  end: number,
): [page: number | undefined, next: number | undefined] {
  const pages = (part: readonly Action[]) => part.flatMap((action) => ("step" in action ? (action.page ?? []) : []));
  const [page] = pages(actions.slice(from, end));
  return [page, pages(actions.slice(end)).find((other) => other !== page)];
}
