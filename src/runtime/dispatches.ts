// What a graph becomes on a device, before anything is made there: one dispatch a node, and a table that prints it. Pure.
import { byteLength, type Capabilities, type Dispatch, type Kernel } from "../kernels/kernel.js";
import type { Graph } from "./graph.js";
import { planMemory } from "./memory-plan.js";

/** The dispatches of a graph on a device, one per node. Pure. Layers are alike, so most nodes share theirs with another. */
export function dispatches(graph: Graph, capabilities: Capabilities): Dispatch[] {
  const known = new Map<Kernel, Map<string, Dispatch>>();
  return graph.nodes.map(({ kernel, inputs, attrs }) => {
    const types = inputs.map((value) => value.type);
    let key = JSON.stringify(attrs);
    for (const { shape, dtype } of types) key += ` ${dtype} ${shape.join()}`;
    const own = known.get(kernel) ?? new Map<string, Dispatch>();
    known.set(kernel, own);
    const dispatch = own.get(key) ?? kernel.dispatch(types, attrs, capabilities);
    own.set(key, dispatch);
    return dispatch;
  });
}

/** What will run, one line a node, and the memory it takes: for people, bug reports and snapshot tests. Pure. */
export function describe(graph: Graph, capabilities: Capabilities): string {
  const memory = planMemory(graph);
  const all = dispatches(graph, capabilities);
  const rows = graph.nodes.map(({ output, kernel }, index) => [
    output.name,
    kernel.name,
    `[${output.type.shape.join(", ")}]`,
    `slot ${memory.slotOf.get(output.storage.id) ?? "-"}`,
    all[index]!.workgroups.join("×"),
    [all[index]!.plan, all[index]!.shader.label].filter(Boolean).join(" · "),
  ]);
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  const table = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const slots = memory.slots.reduce((sum, bytes) => sum + bytes, 0);
  const pipelines = new Set(all.map(({ shader }) => shader.text)).size;
  const weights = graph.residents.reduce((sum, value) => sum + byteLength(value.type), 0);
  return [
    ...table,
    `${all.length} dispatches · ${memory.slots.length} slots ${mb(slots)} (${mb(memory.unplanned)} unplanned) · ${pipelines} pipelines · weights ${mb(weights)} f32`,
  ].join("\n");
}
