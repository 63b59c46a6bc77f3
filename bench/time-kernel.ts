// One kernel of kernel-shapes.ts on a device: its time, and what it computes.
import { compile, type Device, Graph, type Plan, Slots, type StepTime } from "deberta-webgpu/runtime";
import { type KernelShape, OPERANDS } from "./kernel-shapes.js";

/** How often a kernel runs: at least so many times, and until so many milliseconds have passed. */
export interface Repeats {
  readonly runs: number;
  readonly milliseconds: number;
}

type Operands = Readonly<Record<string, Float32Array | Uint32Array>>;

async function withKernel<T>(
  device: Device,
  { build }: KernelShape,
  use: (plan: Plan, operands: Operands) => Promise<T>,
): Promise<T> {
  const graph = new Graph();
  build(graph, device.capabilities);
  const slots = new Slots(device);
  try {
    const plan = await compile(device, graph, new Map(), slots);
    try {
      return await use(plan, Object.fromEntries(graph.inputs.map(({ name }) => [name, OPERANDS.get(name)!])));
    } finally {
      plan.dispose();
    }
  } finally {
    slots.dispose();
  }
}

/** The best time of the kernel, as other work on the machine only slows; `visit` is told every one. */
export function timeKernel(
  device: Device,
  shape: KernelShape,
  { runs, milliseconds }: Repeats,
  visit?: (time: StepTime) => unknown,
): Promise<StepTime> {
  return withKernel(device, shape, async (plan, operands) => {
    await plan.profile(operands); // some drivers compile with the first dispatch
    let best: StepTime | undefined;
    const start = performance.now();
    for (let run = 0; run < runs || performance.now() - start < milliseconds; run++) {
      const last = (await plan.profile(operands)).at(-1)!;
      if (!best || last.milliseconds < best.milliseconds) best = last;
      await visit?.(last);
    }
    return best!;
  });
}

/** What the kernel computes, and from what. */
export function runKernel(
  device: Device,
  shape: KernelShape,
): Promise<{ readonly result: Float32Array; readonly operands: Operands }> {
  return withKernel(device, shape, async (plan, operands) => {
    let result: Float32Array = new Float32Array();
    await plan.inspect(operands, (_, { data }) => (result = data));
    return { result, operands };
  });
}
