// A compiled graph: pipelines, slots, bind groups and one parameter buffer. Running it is one upload, then submits of bounded
// work, each followed by what it outputs. This is the only place that encodes commands for a model.
import { assert } from "../errors.js";
import { byteLength, type Dispatch, type TensorType } from "../kernels/kernel.js";
import { compiledFor } from "./compiled.js";
import type { Device } from "./device.js";
import { describe } from "./dispatches.js";
import type { Graph, Node, Value } from "./graph.js";
import { type MemoryPlan, planMemory } from "./memory-plan.js";
import type { Pages } from "./pages.js";
import { writeParams } from "./params.js";
import type { Pipeline } from "./pipelines.js";
import type { StepTime } from "./profile.js";
import { allocate, type ReadbackBuffer } from "./readback.js";
import { actionsOf, type Action, pagesOf, segmentEnd } from "./segments.js";
import type { Slots } from "./slots.js";

/** Contents of a graph's inputs by name, in the element type of each. */
export type Inputs = Readonly<Record<string, Float32Array | Uint32Array>>;

/** A tensor read back from the device. */
export interface ReadBack {
  /** Shape and element type on the device. */
  readonly type: TensorType;
  /** Its words as floats; of u32 their bits. */
  readonly data: Float32Array;
}

/** One node, ready to be encoded; `params` is its offset in the parameter buffer. */
interface Step {
  readonly node: Node;
  readonly dispatch: Dispatch;
  readonly pipeline: Pipeline;
  readonly params: number;
}

/** The buffers of a graph's residents, by name. */
export type ResidentBuffers = ReadonlyMap<string, GPUBuffer>;

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
  const { dispatches: planned, pipelines } = await compiledFor(device, graph);
  for (const [index, { workgroups }] of planned.entries()) {
    const name = graph.nodes[index]!.output.name;
    if (workgroups.some((count) => count > device.capabilities.workgroupsPerDimension))
      throw new RangeError(`${name}: ${workgroups.join(" × ")} workgroups exceed the device's limit`);
  }
  for (const value of [...graph.inputs, ...graph.nodes.map((node) => node.output)]) {
    if (byteLength(value.type) > device.capabilities.bindingBytes)
      throw new RangeError(
        `${value.name} needs ${byteLength(value.type)} bytes, this device binds ${device.capabilities.bindingBytes}: give shorter or fewer texts`,
      );
  }
  const align = device.gpu.limits.minUniformBufferOffsetAlignment;
  const largest = Math.max(16, ...planned.map(({ shader }) => shader.params.length * 4));
  const stride = Math.ceil(largest / align) * align;
  const steps = graph.nodes.map((node, index): Step => ({
    node,
    dispatch: planned[index]!,
    pipeline: pipelines[index]!,
    params: index * stride,
  }));
  const params = new ArrayBuffer(Math.max(1, steps.length) * stride);
  for (const { dispatch, params: at } of steps) writeParams(new DataView(params), at, dispatch);
  const buffer = await device.guarded("plan parameters", () => {
    const made = device.createBuffer("params", params.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    device.gpu.queue.writeBuffer(made, 0, params);
    return made;
  });
  return new Plan(device, graph, residents, slots, steps, buffer, stride, pages);
}

/** Where outputs go. */
interface Sink {
  /** Before a submit that has outputs. */
  ready(): Promise<void>;
  /** Copies bytes of an output from `at` on; tells how many. */
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, output: string, at: number, bytes: number): number;
  /** After the submit, in the same block. */
  submitted(): void;
  /** The submit was in order, or not. */
  accepted(isGood: boolean): void;
}

/** Options of a run. */
export interface RunOptions {
  /** Stops the run between two submits. */
  readonly signal?: AbortSignal | undefined;
  /** Told the share of the work that is done, after each submit but the last. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** A run whose work is submitted; its outputs arrive later. */
export interface Started {
  readonly outputs: Promise<Map<string, Float32Array>>;
}

/** A graph compiled for a device: made by `compile`, run as often as wanted. */
export class Plan {
  /** What it was compiled from. */
  readonly graph: Graph;
  /** Where its values lie. */
  readonly memory: MemoryPlan;
  private readonly device: Device;
  private readonly residents: ResidentBuffers;
  private readonly slots: Slots;
  private readonly steps: readonly Step[];
  private readonly actions: readonly Action[];
  private readonly flops: number;
  private readonly params: GPUBuffer;
  private readonly paramsStride: number;
  private readonly pages: Pages | undefined;
  private bindGroups: { version: number; params: GPUBindGroup; tensors: GPUBindGroup[] } | undefined;

  /** @internal */
  constructor(
    device: Device,
    graph: Graph,
    residents: ResidentBuffers,
    slots: Slots,
    steps: readonly Step[],
    params: GPUBuffer,
    paramsStride: number,
    pages?: Pages,
  ) {
    this.device = device;
    this.graph = graph;
    this.memory = planMemory(graph);
    this.residents = residents;
    this.slots = slots;
    this.steps = steps;
    this.pages = pages;
    this.actions = actionsOf(
      graph,
      steps.map(({ dispatch }) => dispatch),
      (node) => this.pageOf(node),
    );
    this.flops = steps.reduce((sum, { dispatch }) => sum + dispatch.work.flops, 0);
    this.params = params;
    this.paramsStride = paramsStride;
  }

  /** Runs the graph. */
  async run(inputs: Inputs, options: RunOptions = {}): Promise<Map<string, Float32Array>> {
    return (await this.start(inputs, options)).outputs;
  }

  /**
   * Submits the whole graph. Another run that shares slots may start when this has resolved: the device keeps their order.
   * @throws the signal's reason, between two submits; DeviceError
   */
  async start(inputs: Inputs, options: RunOptions = {}): Promise<Started> {
    const results = new Map<string, Float32Array>();
    let total = 0;
    for (const [name, value] of this.graph.outputs) {
      total += byteLength(value.type);
      results.set(name, allocate(name, byteLength(value.type)));
    }
    const ring = this.slots.readback;
    const reads: Promise<void>[] = [];
    let staging: ReadbackBuffer | undefined;
    const sink: Sink = {
      ready: async () => {
        staging = await ring.take(total);
      },
      copy: (encoder, source, output, at, bytes) => staging!.copy(encoder, source, at, bytes, results.get(output)!),
      submitted: () => staging?.map(),
      accepted: (isGood) => {
        if (isGood && staging) reads.push(staging.read());
        else staging?.giveBack();
        reads.at(-1)?.catch(() => undefined); // awaited with all others
        staging = undefined;
      },
    };
    try {
      await this.submit(inputs, sink, options);
    } catch (error) {
      sink.accepted(false);
      throw error;
    }
    return { outputs: Promise.all(reads).then(() => results) };
  }

  /** Runs the graph and leaves each output in a buffer on the device: for constants that are computed once. */
  async fill(inputs: Inputs, targets: ReadonlyMap<string, GPUBuffer>): Promise<void> {
    await this.submit(inputs, {
      ready: () => Promise.resolve(),
      copy: (encoder, source, output, at, bytes) => {
        const target = targets.get(output);
        assert(target, `no buffer for ${output}`);
        encoder.copyBufferToBuffer(source, at, target, at, bytes);
        return bytes;
      },
      submitted: () => undefined,
      accepted: () => undefined,
    });
  }

  /** Every computed value, in order, as it is right after its node: for tests and for looking inside. Slow. */
  async inspect(inputs: Inputs, visit: (name: string, value: ReadBack, node: Node) => void): Promise<void> {
    await this.prepare();
    for (const [index, { node, dispatch }] of this.steps.entries()) {
      await this.pages?.bring(this.pageOf(node), undefined);
      const { name, type } = node.output;
      const bytes = byteLength(type);
      const data = allocate(name, bytes);
      for (let at = 0, isFirst = true; at < bytes || isFirst; isFirst = false) {
        const staging = await this.slots.readback.take(bytes);
        const { gpu } = this.device;
        try {
          await this.device.guarded(name, () => {
            if (index === 0 && isFirst) this.upload(inputs);
            const encoder = gpu.createCommandEncoder();
            if (isFirst) {
              const pass = encoder.beginComputePass();
              this.dispatch(pass, index);
              pass.end();
            }
            at += staging.copy(encoder, this.bufferOf(node.output), at, bytes - at, data);
            void this.device.submit(encoder, isFirst ? dispatch.work.flops : 0);
            staging.map();
          });
        } catch (error) {
          staging.giveBack();
          throw error;
        }
        await staging.read();
      }
      visit(name, { type, data }, node);
    }
  }

  /** Time per node, each in passes of its own; of pages, with whatever is in their buffers. */
  async profile(inputs: Inputs): Promise<StepTime[]> {
    const { profileSteps } = await import("./profile.js");
    await this.prepare();
    const upload = () => this.device.guarded("run", () => this.upload(inputs));
    return profileSteps(this.device, this.steps, upload, (pass, index) => this.dispatch(pass, index));
  }

  /** See `describe`. */
  describe(): string {
    return describe(this.graph, this.device.capabilities);
  }

  /** Of the parameter buffer, which is all that a plan owns. */
  get bytes(): number {
    return this.params.size;
  }

  /** Frees the parameter buffer; slots and residents belong to the model. */
  dispose(): void {
    this.device.destroyBuffer(this.params);
  }

  /** Encodes and submits all actions, in submits of bounded work. */
  private async submit(inputs: Inputs, sink: Sink, options: RunOptions = {}): Promise<void> {
    try {
      await this.submitAll(inputs, sink, options);
    } finally {
      await this.pages?.rest();
    }
  }

  private async submitAll(inputs: Inputs, sink: Sink, { signal, onProgress }: RunOptions): Promise<void> {
    const { device, actions } = this;
    signal?.throwIfAborted();
    await this.prepare();
    let next = 0; // action
    let copied = 0; // bytes of it, if it is an output
    let done = 0; // flops
    do {
      await device.pace.turn();
      signal?.throwIfAborted();
      const end = segmentEnd(actions, next, device.pace.submitFlops);
      await this.pages?.bring(...pagesOf(actions, next, end), signal);
      if (actions.slice(next, end).some((action) => "output" in action)) await sink.ready();
      signal?.throwIfAborted();
      let flops = 0;
      const isFirst = next === 0 && copied === 0;
      const { result: finished, verdict } = device.scoped("run", () => {
        if (isFirst) this.upload(inputs);
        const encoder = device.gpu.createCommandEncoder();
        let pass: GPUComputePassEncoder | undefined;
        for (; next < end; next++) {
          const action = actions[next]!;
          if ("step" in action) {
            pass ??= encoder.beginComputePass();
            this.dispatch(pass, action.step);
            flops += action.flops;
            continue;
          }
          pass?.end();
          pass = undefined;
          copied += sink.copy(encoder, this.bufferOf(action.value), action.output, copied, action.bytes - copied);
          if (copied < action.bytes) break; // no room: the rest goes with the next submit, before its slot is used again
          copied = 0;
        }
        pass?.end();
        const finished = device.submit(encoder, flops);
        sink.submitted();
        return finished;
      });
      await verdict;
      sink.accepted(true);
      done += flops;
      if (onProgress && next < actions.length) {
        const share = done / Math.max(1, this.flops);
        void finished.then(() => onProgress(share));
      }
    } while (next < actions.length);
  }

  private pageOf({ inputs }: Node): number | undefined {
    const { pages } = this;
    return inputs.flatMap(({ kind, name }) => (kind === "resident" ? (pages?.of(name) ?? []) : []))[0];
  }

  private bufferOf(value: Value): GPUBuffer {
    if (value.kind === "resident") {
      const buffer = this.residents.get(value.name);
      assert(buffer, `no buffer for ${value.name}`);
      return buffer;
    }
    return this.slots.buffer(this.memory.slotOf.get(value.storage.id)!);
  }

  private async prepare(): Promise<void> {
    await this.slots.ensure(this.memory.slots);
    if (this.bindGroups?.version === this.slots.version) return;
    const { gpu, pipelines } = this.device;
    this.bindGroups = await this.device.guarded("bind groups", () => ({
      version: this.slots.version,
      params: gpu.createBindGroup({
        layout: pipelines.paramsLayout,
        entries: [{ binding: 0, resource: { buffer: this.params, size: this.paramsStride } }],
      }),
      tensors: this.steps.map(({ node, pipeline }) =>
        gpu.createBindGroup({
          layout: pipeline.tensors,
          entries: [node.output, ...node.inputs].map((value, binding) => ({
            binding,
            resource: { buffer: this.bufferOf(value), size: byteLength(value.type) },
          })),
        }),
      ),
    }));
  }

  private upload(inputs: Inputs): void {
    for (const value of this.graph.inputs) {
      const data = inputs[value.name];
      assert(data, `no data for input ${value.name}`);
      assert(data.byteLength <= byteLength(value.type), `${data.length} elements for input ${value.name}`);
      this.device.gpu.queue.writeBuffer(this.bufferOf(value), 0, data as Float32Array<ArrayBuffer>);
    }
  }

  private dispatch(pass: GPUComputePassEncoder, index: number): void {
    const groups = this.bindGroups!;
    const { pipeline, dispatch, params } = this.steps[index]!;
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, groups.tensors[index]);
    pass.setBindGroup(1, groups.params, [params]);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }
}
