// From a plan's actions to submits of bounded work, each followed by what it outputs. This is the only place that encodes commands
// for a model.
import { assert } from "../errors.js";
import { byteLength } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import type { Graph, Node } from "./graph.js";
import type { Pages } from "./pages.js";
import { allocate, type ReadbackBuffer, type ReadbackRing } from "./readback.js";
import { actionsOf, type Action, pagesOf, segmentEnd } from "./segments.js";
import type { Inputs, Steps } from "./steps.js";

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

/** The runs of one graph. */
export class Submits {
  private readonly device: Device;
  private readonly graph: Graph;
  private readonly steps: Steps;
  private readonly ring: ReadbackRing;
  private readonly pages: Pages | undefined;
  private readonly actions: readonly Action[];
  private readonly flops: number;

  constructor(device: Device, graph: Graph, steps: Steps, ring: ReadbackRing, pages: Pages | undefined) {
    this.device = device;
    this.graph = graph;
    this.steps = steps;
    this.ring = ring;
    this.pages = pages;
    const dispatches = steps.all.map(({ dispatch }) => dispatch);
    this.actions = actionsOf(graph, dispatches, (node) => this.pageOf(node));
    this.flops = dispatches.reduce((sum, { work }) => sum + work.flops, 0);
  }

  /** Submits all actions; outputs are read back. */
  async start(inputs: Inputs, options: RunOptions): Promise<Started> {
    const results = new Map<string, Float32Array>();
    let total = 0;
    for (const [name, value] of this.graph.outputs) {
      total += byteLength(value.type);
      results.set(name, allocate(name, byteLength(value.type)));
    }
    const reads: Promise<void>[] = [];
    let staging: ReadbackBuffer | undefined;
    const sink: Sink = {
      ready: async () => {
        staging = await this.ring.take(total);
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

  /** Submits all actions; outputs go to buffers on the device. */
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

  /** A submit or more for every node; its value is read back before the next runs. */
  async inspect(inputs: Inputs, visit: (node: Node, data: Float32Array) => void): Promise<void> {
    const { device, steps } = this;
    await steps.prepare();
    for (const [index, { node, dispatch }] of steps.all.entries()) {
      await this.pages?.bring(this.pageOf(node), undefined);
      const { name, type } = node.output;
      const bytes = byteLength(type);
      const data = allocate(name, bytes);
      for (let at = 0, isFirst = true; at < bytes || isFirst; isFirst = false) {
        const staging = await this.ring.take(bytes);
        try {
          await device.guarded(name, () => {
            if (index === 0 && isFirst) steps.upload(inputs);
            const encoder = device.gpu.createCommandEncoder();
            if (isFirst) {
              const pass = encoder.beginComputePass();
              steps.encode(pass, index);
              pass.end();
            }
            at += staging.copy(encoder, steps.bufferOf(node.output), at, bytes - at, data);
            void device.submit(encoder, isFirst ? dispatch.work.flops : 0);
            staging.map();
          });
        } catch (error) {
          staging.giveBack();
          throw error;
        }
        await staging.read();
      }
      visit(node, data);
    }
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
    const { device, actions, steps } = this;
    signal?.throwIfAborted();
    await steps.prepare();
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
        if (isFirst) steps.upload(inputs);
        const encoder = device.gpu.createCommandEncoder();
        let pass: GPUComputePassEncoder | undefined;
        for (; next < end; next++) {
          const action = actions[next]!;
          if ("step" in action) {
            pass ??= encoder.beginComputePass();
            steps.encode(pass, action.step);
            flops += action.flops;
            continue;
          }
          pass?.end();
          pass = undefined;
          copied += sink.copy(encoder, steps.bufferOf(action.value), action.output, copied, action.bytes - copied);
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
}
