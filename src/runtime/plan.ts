// A graph compiled for a device, as callers hold it: its steps, and the ways to run them.
import type { TensorType } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import { describe } from "./dispatches.js";
import type { Graph, Node } from "./graph.js";
import type { MemoryPlan } from "./memory-plan.js";
import type { Pages } from "./pages.js";
import type { StepTime } from "./profile.js";
import type { Slots } from "./slots.js";
import { type Inputs, type ResidentBuffers, type Steps, stepsOf } from "./steps.js";
import { type RunOptions, type Started, Submits } from "./submits.js";

/** A tensor read back from the device. */
export interface ReadBack {
  /** Shape and element type on the device. */
  readonly type: TensorType;
  /** Its words as floats; of u32 their bits. */
  readonly data: Float32Array;
}

/**
 * Plans memory, compiles pipelines and prepares bind groups. The caller keeps residents and slots alive.
 * @param pages residents that take turns in their buffers, if there are any
 */
export async function compile(
  device: Device,
  graph: Graph,
  residents: ResidentBuffers,
  slots: Slots,
  pages?: Pages,
): Promise<Plan> {
  const steps = await stepsOf(device, graph, residents, slots);
  return new Plan(device, graph, steps, new Submits(device, graph, steps, slots.readback, pages));
}

/** A graph compiled for a device: made by `compile`, run as often as wanted. */
export class Plan {
  /** What it was compiled from. */
  readonly graph: Graph;
  private readonly device: Device;
  private readonly steps: Steps;
  private readonly submits: Submits;

  /** @internal */
  constructor(device: Device, graph: Graph, steps: Steps, submits: Submits) {
    this.device = device;
    this.graph = graph;
    this.steps = steps;
    this.submits = submits;
  }

  /** Where its values lie. */
  get memory(): MemoryPlan {
    return this.steps.memory;
  }

  /** Runs the graph. */
  async run(inputs: Inputs, options: RunOptions = {}): Promise<Map<string, Float32Array>> {
    return (await this.start(inputs, options)).outputs;
  }

  /**
   * Submits the whole graph. Another run that shares slots may start when this has resolved: the device keeps their order.
   * @throws the signal's reason, between two submits; DeviceError
   */
  start(inputs: Inputs, options: RunOptions = {}): Promise<Started> {
    return this.submits.start(inputs, options);
  }

  /** Runs the graph and leaves each output in a buffer on the device: for constants that are computed once. */
  fill(inputs: Inputs, targets: ReadonlyMap<string, GPUBuffer>): Promise<void> {
    return this.submits.fill(inputs, targets);
  }

  /** Every computed value, in order, as it is right after its node: for tests and for looking inside. Slow. */
  inspect(inputs: Inputs, visit: (name: string, value: ReadBack, node: Node) => void): Promise<void> {
    return this.submits.inspect(inputs, (node, data) => {
      const { name, type } = node.output;
      visit(name, { type, data }, node);
    });
  }

  /** Time per node, each in passes of its own; of pages, with whatever is in their buffers. */
  async profile(inputs: Inputs): Promise<StepTime[]> {
    const { device, steps } = this;
    const { profileSteps } = await import("./profile.js");
    await steps.prepare();
    const upload = () => device.guarded("run", () => steps.upload(inputs));
    return profileSteps(device, steps.all, upload, (pass, index) => steps.encode(pass, index));
  }

  /** See `describe`. */
  describe(): string {
    return describe(this.graph, this.device.capabilities);
  }

  /** Of the parameter buffer, which is all that a plan owns. */
  get bytes(): number {
    return this.steps.bytes;
  }

  /** Frees the parameter buffer; slots and residents belong to the model. */
  dispose(): void {
    this.steps.dispose();
  }
}
