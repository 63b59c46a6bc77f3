// A graph on a device for the time of one use.
import type { Device } from "./device.js";
import type { Graph } from "./graph.js";
import { planMemory } from "./memory-plan.js";
import { compile, type Plan } from "./plan.js";
import { Slots } from "./slots.js";

/** Contents of residents by name. */
export type ResidentData = Readonly<Record<string, Float32Array | Uint32Array>>;

/** A buffer that holds these values. */
export function residentBuffer(device: Device, name: string, data: Float32Array | Uint32Array): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer(name, data.byteLength, usage);
  device.gpu.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
  return buffer;
}

/**
 * Compiles a graph, hands the plan to `use`, and frees everything. Slots begin full of NaN, as remains of other values
 * may: a kernel that reads what nobody wrote shows it.
 */
export async function withPlan<T>(
  device: Device,
  graph: Graph,
  residents: ResidentData,
  use: (plan: Plan, slots: Slots) => Promise<T>,
): Promise<T> {
  const buffers = await device.guarded(
    "residents",
    () => new Map(graph.residents.map(({ name }) => [name, residentBuffer(device, name, residents[name]!)])),
  );
  const slots = new Slots(device);
  try {
    const sizes = planMemory(graph).slots;
    await slots.ensure(sizes);
    await device.guarded("slots", () =>
      sizes.forEach((bytes, slot) => {
        device.gpu.queue.writeBuffer(slots.buffer(slot), 0, new Float32Array(bytes / 4).fill(NaN));
      }),
    );
    const plan = await compile(device, graph, buffers, slots);
    try {
      return await use(plan, slots);
    } finally {
      plan.dispose();
    }
  } finally {
    slots.dispose();
    for (const buffer of buffers.values()) device.destroyBuffer(buffer);
  }
}
