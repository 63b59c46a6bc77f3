// From a source to an engine that can run: device, files, config, the network that these make, weights.
import { type ModelFolder, openFolder } from "../checkpoint/folder.js";
import { eitherSignal } from "../checkpoint/signals.js";
import type { Source } from "../checkpoint/source.js";
import type { Device } from "../runtime/device.js";
import { acquireDevice } from "../runtime/shared-device.js";
import { checkDevice } from "./check-device.js";
import type { CheckedInputs } from "./inputs/types.js";
import { loadWeights } from "./load/load.js";
import { Checkpoint } from "./load/named-tensors.js";
import type { LoadOptions } from "./load/options.js";
import { Engine, type Reopening } from "./run/engine.js";
import { type Network, sampleGraph } from "./run/network.js";

/** Tokens of the text that stands for all others while loading. */
const SAMPLE = 64;

/** Reads a folder's configs; what it gives makes the network once the checkpoint's headers are known. */
export type NetworkOf<Net> = (folder: ModelFolder, device: Device) => Promise<(checkpoint: Checkpoint) => Net>;

/** Loads a network. Configs are read, and refused, before weights are looked for. Nothing stays on the GPU after a failure. */
export async function loadEngine<Request extends CheckedInputs, Net extends Network<Request>>(
  source: Source,
  options: LoadOptions,
  networkOf: NetworkOf<Net>,
): Promise<Engine<Request, Net>> {
  options.signal?.throwIfAborted();
  const folder = await openFolder(source, options);
  folder.progress.await("weights");
  const { device, release } = await acquireDevice(options.device);
  // Most of the check is compiling shaders that the model needs too: it goes on while weights come, which end with it if it fails.
  const unsound = new AbortController();
  const sound = options.checkDevice === false ? Promise.resolve() : checkDevice(device);
  sound.catch((error: unknown) => unsound.abort(error));
  const signal = eitherSignal(options.signal, unsound.signal)!;
  try {
    const ofCheckpoint = await networkOf(folder, device);
    const checkpoint = await Checkpoint.open(folder, options);
    const network = ofCheckpoint(checkpoint);
    signal.throwIfAborted();
    const sample = sampleGraph(network, device.capabilities, SAMPLE);
    const weights = await loadWeights(checkpoint, sample, network.tables, device, { ...options, signal }, sound);
    const reopen = ({ device: other, signal }: Reopening): Promise<Engine<Request, Net>> => {
      const again: { -readonly [Key in keyof LoadOptions]: LoadOptions[Key] } = { ...options };
      delete again.device;
      delete again.signal;
      if (other) again.device = other;
      if (signal) again.signal = signal;
      return loadEngine(source, again, networkOf);
    };
    const engine = new Engine<Request, Net>(network, device, weights, { release, reopen });
    engine.compileAhead();
    return engine;
  } catch (error) {
    folder.refuse(error);
    await sound.catch(() => undefined); // it holds buffers
    release();
    throw error;
  } finally {
    folder.close();
  }
}
