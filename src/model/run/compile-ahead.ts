// Shaders for other requests than the one that loading compiles for: compiled while nothing is asked for, so that no request has to
// wait until its own are there.
import type { Capabilities } from "../../kernels/kernel.js";
import type { Device } from "../../runtime/device.js";
import { dispatches } from "../../runtime/dispatches.js";
import type { Graph } from "../../runtime/graph.js";
import type { CheckedInputs } from "../inputs/types.js";
import type { Storage } from "../load/storage.js";
import { engineLimits, type Network, packRun } from "./network.js";

/** Requests that stand for all others: between these sizes no device plans other bodies. Usual ones first. */
const COMMON: readonly { readonly tokens: number; readonly texts?: number; readonly hasHole?: boolean }[] = [
  { tokens: 16 },
  { tokens: 128 },
  { tokens: 256 },
  { tokens: 32, texts: 8 },
  { tokens: 128, texts: 16 },
  { tokens: 512 },
  { tokens: 64, hasHole: true },
  { tokens: 512, hasHole: true },
  { tokens: 1024 },
  { tokens: 2048 },
];

/** Their graphs, each built when it is asked for. */
export function* commonGraphs<Request extends CheckedInputs>(
  network: Network<Request>,
  device: { readonly capabilities: Capabilities },
): Generator<Graph> {
  for (const { tokens, texts = 1, hasHole } of COMMON) {
    const { capabilities } = device;
    const limits = engineLimits(network.config, capabilities);
    if (texts * tokens > limits.mostRows) continue;
    const sequence = { source: 0, from: 0, length: tokens };
    const masked = hasHole ? { real: new Uint8Array(tokens).fill(1).fill(0, 1, 2) } : {};
    const sequences = Array.from({ length: texts }, () => ({ ...sequence, ...masked }));
    yield network.job(packRun(network, network.sample(tokens), sequences, capabilities, limits)).build().graph;
  }
}

/**
 * Compiles what they need, one shader after another.
 * @param turn resolves when the next step may be taken, with false when there shall be none. What a driver refuses is met again, and
 *   avoided, by the request that needs it
 */
export async function compileAhead<Request extends CheckedInputs>(
  network: Network<Request>,
  device: Device,
  storage: Storage,
  turn: () => Promise<boolean>,
): Promise<void> {
  const graphs = commonGraphs(network, device);
  while (await turn()) {
    const next = graphs.next();
    if (next.done) return;
    const shaders = new Set(dispatches(next.value.store(storage), device.capabilities).map(({ shader }) => shader));
    for (const shader of shaders) {
      if (device.pipelines.has(shader)) continue;
      if (!(await turn())) return;
      await device.pipelines.get(shader).catch(() => device.throwIfLost());
    }
  }
}
