// The dispatches of a graph and their pipelines. A variant whose shader the driver refuses is given up, for this device.
import { DeviceError } from "../errors.js";
import type { Dispatch } from "../kernels/kernel.js";
import type { Shader } from "../kernels/shader.js";
import type { Device } from "./device.js";
import { dispatches } from "./dispatches.js";
import type { Graph } from "./graph.js";
import type { Pipeline } from "./pipelines.js";
import { FALLBACKS, hasAll, without } from "./variants.js";

export interface Compiled {
  readonly dispatches: readonly Dispatch[];
  readonly pipelines: readonly Pipeline[];
}

/** Compiles what a graph needs; `onCompiled` is told after each shader how many of all are. */
export async function compiledFor(
  device: Device,
  graph: Graph,
  onCompiled?: (compiled: number, all: number) => void,
): Promise<Compiled> {
  for (;;) {
    const { capabilities } = device;
    const planned = dispatches(graph, capabilities);
    const pipelines = new Map<Shader, Pipeline>();
    const shaders = [...new Set(planned.map(({ shader }) => shader))];
    const refused: { shader: Shader; error: DeviceError }[] = [];
    await Promise.all(
      shaders.map(async (shader) => {
        try {
          pipelines.set(shader, await device.pipelines.get(shader));
          onCompiled?.(pipelines.size, shaders.length);
        } catch (error) {
          device.throwIfLost();
          if (!(error instanceof DeviceError)) throw error;
          refused.push({ shader, error });
        }
      }),
    );
    const [first] = refused;
    if (!first) return { dispatches: planned, pipelines: planned.map(({ shader }) => pipelines.get(shader)!) };
    if (device.capabilities !== capabilities) continue; // another graph has met it meanwhile
    const variants = FALLBACKS.find((given) => {
      if (!hasAll(capabilities, given)) return false;
      const others = new Set(dispatches(graph, without(capabilities, given)).map(({ shader }) => shader));
      return refused.every(({ shader }) => !others.has(shader));
    });
    if (!variants) throw first.error;
    device.withdraw(variants, first.error.message);
  }
}
