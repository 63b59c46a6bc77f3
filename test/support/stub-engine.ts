// An engine over a GPU that computes nothing: a model of any size at no cost, for tests of what a request takes.
import { byteLength } from "../../src/kernels/kernel.js";
import type { HostTable } from "../../src/model/load/embeddings.js";
import { LoadedWeights } from "../../src/model/load/load.js";
import { Engine } from "../../src/model/run/engine.js";
import { type Network, sampleGraph } from "../../src/model/run/network.js";
import type { CheckedInputs } from "../../src/model/inputs/types.js";
import { Residents } from "../../src/runtime/weights.js";
import { stubDevice, type StubGpu } from "./stub-gpu.js";

/** A word table whose rows are all zeros, and cost nothing. */
const zeroWords = (width: number) => {
  const zeros = new Float32Array(width);
  const table = { width, rows: 2 ** 20, byteLength: 0, row: () => zeros, free: () => undefined };
  return { ...table, whole: Promise.resolve(), reader: () => Promise.resolve(table) } as unknown as HostTable;
};

export async function stubEngine<Request extends CheckedInputs>(
  network: Network<Request>,
  words: HostTable = zeroWords(network.config.embeddingSize),
): Promise<{ gpu: StubGpu; engine: Engine<Request, Network<Request>> }> {
  const { gpu, device } = stubDevice();
  const residents = new Residents(device);
  const { residents: specs } = sampleGraph(network, device.capabilities, 64);
  await residents.allocate([...specs.values()].map(({ name, type }) => [name, byteLength(type)] as const));
  const weights = new LoadedWeights(residents, { words }, new Map());
  const engine = new Engine<Request, Network<Request>>(network, device, weights, {
    release: () => undefined,
    reopen: () => Promise.reject(new Error("nothing to open")),
  });
  return { gpu, engine };
}
