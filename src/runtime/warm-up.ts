// Compilation before it is needed.
import type { Device } from "./device.js";
import { dispatches } from "./dispatches.js";
import type { Graph } from "./graph.js";

/** Starts compiling what a graph needs, so that a later `compile` finds it done; tells after each how many of all are. */
export async function warmUp(
  device: Device,
  graph: Graph,
  onCompiled?: (compiled: number, all: number) => void,
): Promise<void> {
  const shaders = new Set(dispatches(graph, device.capabilities).map(({ shader }) => shader));
  let compiled = 0;
  await Promise.all(
    [...shaders].map(async (shader) => {
      await device.pipelines.get(shader);
      onCompiled?.(++compiled, shaders.size);
    }),
  );
}
