// Which values of a graph may share memory: liveness → slots. Pure.
// Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", arXiv 2001.03288): large
// values first, each into the smallest slot whose present tenants do not live at the same time.
import { byteLength } from "../kernels/kernel.js";
import type { Graph, Value } from "./graph.js";

/** Which buffer each value of a graph lies in. */
export interface MemoryPlan {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  /** Slot of every input and computed value, by its storage's id. */
  readonly slotOf: ReadonlyMap<number, number>;
  /** Bytes without sharing, for comparison. */
  readonly unplanned: number;
}

interface Life {
  readonly storage: Value;
  readonly bytes: number;
  first: number;
  last: number;
}

/** Life of every storage: [index of producer, index of last reader], ends inclusive; inputs from −1. Outputs are copied right after their node. */
function lives(graph: Graph): Life[] {
  const byId = new Map<number, Life>();
  const touch = (value: Value, at: number) => {
    if (value.kind === "resident") return;
    const life = byId.get(value.storage.id);
    if (life) {
      life.first = Math.min(life.first, at);
      life.last = Math.max(life.last, at);
    } else {
      byId.set(value.storage.id, {
        storage: value.storage,
        bytes: byteLength(value.storage.type),
        first: at,
        last: at,
      });
    }
  };
  for (const value of graph.inputs) touch(value, -1);
  graph.nodes.forEach((node, index) => {
    for (const value of node.inputs) touch(value, index);
    touch(node.output, index);
  });
  return [...byId.values()];
}

/** Gives values that are never alive together the same slot. */
export function planMemory(graph: Graph): MemoryPlan {
  const all = lives(graph);
  const slots: { bytes: number; tenants: Life[] }[] = [];
  const slotOf = new Map<number, number>();
  for (const life of [...all].sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    const free = (slot: { tenants: Life[] }) =>
      slot.tenants.every((tenant) => tenant.last < life.first || life.last < tenant.first);
    // Slots were opened in order of falling size, so the last free one is the smallest that fits.
    let index = slots.findLastIndex(free);
    if (index < 0) index = slots.push({ bytes: life.bytes, tenants: [] }) - 1;
    slots[index]!.tenants.push(life);
    slotOf.set(life.storage.id, index);
  }
  return {
    slots: slots.map((slot) => slot.bytes),
    slotOf,
    unplanned: all.reduce((sum, life) => sum + life.bytes, 0),
  };
}
