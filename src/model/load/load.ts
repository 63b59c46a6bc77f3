// From a checkpoint and a device to weights on the GPU. A graph says which tensors are needed; all that are missing or
// misshapen are reported at once, before a byte of weights is read. Bytes then pass in chunks: file → staging → packed.
import { DisposedError, UnsupportedError } from "../../errors.js";
import { byteLength } from "../../kernels/kernel.js";
import type { Device } from "../../runtime/device.js";
import type { StreamOptions } from "../../checkpoint/stream.js";
import { lazily } from "../../lazy.js";
import { abortable } from "../../checkpoint/signals.js";
import { compiledFor } from "../../runtime/compiled.js";
import { Residents } from "../../runtime/weights.js";
import type { Builder, ResidentSpec } from "../deberta/layers.js";
import { slotTable } from "../deberta/relative-position.js";
import type { EmbeddingTables, HostTable } from "./embeddings.js";
import { LateTable } from "./late-table.js";
import type { LayerPages } from "./layer-pages.js";
import type { Checkpoint } from "./named-tensors.js";
import type { LoadOptions } from "./options.js";
import { streamWeights } from "./pack-stream.js";
import { fillPositionCache, positionGraph } from "./position-cache.js";
import { chooseStorage, type Storage, stored, WEIGHT_TYPES } from "./storage.js";
import { freeTables, makeTables, offerTables, tableBytes, type TableShapes } from "./tables.js";
import { type WeightKeys, weightKeys } from "./weight-keys.js";

/** Everything that loading leaves behind. Engines hold it, and the last one to let go frees it. */
export class LoadedWeights {
  readonly residents: Residents;
  readonly tables: EmbeddingTables<HostTable>;
  readonly storage: Storage;
  /** Of layers that take turns. */
  readonly pages: LayerPages | undefined;
  private holders = 0;

  constructor(residents: Residents, tables: EmbeddingTables<HostTable>, storage: Storage, pages?: LayerPages) {
    this.residents = residents;
    this.tables = tables;
    this.storage = storage;
    this.pages = pages;
  }

  hold(): this {
    this.holders++;
    return this;
  }

  /** Once for every `hold`. What other models share stays. */
  release(): void {
    if (--this.holders > 0) return;
    this.residents.dispose();
    freeTables(this.tables, new DisposedError("this model was disposed"));
  }

  /** Of the tables on the host. */
  get host(): ReturnType<typeof tableBytes> {
    return tableBytes(this.tables);
  }
}

/**
 * Loads what a graph needs, and the tables; what another model of the device has of it is shared. The graph is that of a short text:
 * it names every resident, and shares its pipelines with all sizes. A failure frees every buffer that was made.
 * @param sound resolves when the device may compute, perhaps with fewer variants of kernels than before
 */
export async function loadWeights(
  checkpoint: Checkpoint,
  forward: Builder,
  tableNames: TableShapes,
  device: Device,
  options: LoadOptions,
  sound: Promise<void>,
): Promise<LoadedWeights> {
  const { config } = forward;
  const { dtype = "auto", signal } = options;
  if (!WEIGHT_TYPES.includes(dtype))
    throw new UnsupportedError(`dtype is "${dtype}", supported are ${WEIGHT_TYPES.join(", ")}`);
  const specs = new Map(forward.residents);
  const constants = new Map<string, ResidentSpec>();
  const positions = positionGraph(config);
  for (const [name, spec] of positions?.residents ?? []) if (!specs.has(name)) constants.set(name, spec);
  const wanted = new Map<string, readonly number[]>();
  for (const spec of [...specs.values(), ...constants.values()])
    for (const part of spec.parts) wanted.set(part.tensor, part.shape);
  for (const [name, shape] of tableNames.values()) wanted.set(name, shape);
  checkpoint.check(wanted);

  const graphs = [forward.graph, ...(positions ? [positions.graph] : [])];
  const storage = chooseStorage(dtype, graphs, [...specs.values(), ...constants.values()], (name) =>
    checkpoint.find(name)!,
  );
  for (const graph of graphs) graph.store(storage);
  const storedOf = (some: ReadonlyMap<string, ResidentSpec>) => [...some.values()].map((spec) => stored(spec, storage));
  const wish = { forward, positions, residents: storedOf(specs), constants: storedOf(constants), tableNames, storage };
  const all = [...wish.residents, ...wish.constants];
  const keys = await weightKeys(checkpoint, all, positions?.graph, tableNames, options);
  for (let others; (others = device.weights.beingMade(keys.all));) await abortable(others, signal);
  const end = device.weights.make(keys.all);
  try {
    return await bringWeights(wish, keys, checkpoint, device, options, sound);
  } finally {
    end();
  }
}

/** What a load is to have on the device. */
interface Wish {
  readonly forward: Builder;
  /** Computes some of the residents from the others and from `constants`, which nothing else needs. */
  readonly positions: Builder | undefined;
  readonly residents: readonly ResidentSpec[];
  readonly constants: readonly ResidentSpec[];
  readonly tableNames: TableShapes;
  readonly storage: Storage;
}

/** Takes what is there, and loads the rest. */
async function bringWeights(
  { forward, positions, residents: specs, constants, tableNames, storage }: Wish,
  keys: WeightKeys,
  checkpoint: Checkpoint,
  device: Device,
  options: LoadOptions,
  sound: Promise<void>,
): Promise<LoadedWeights> {
  const { signal, gpuMemoryLimit: limit = Infinity } = options;
  const { progress } = checkpoint.folder;
  const residents = new Residents(device);
  const keysOf = (names: Iterable<string>) =>
    new Map(
      [...names].flatMap((name) => (keys.residents.has(name) ? [[name, keys.residents.get(name)!] as const] : [])),
    );
  let isLoading = true;
  const tellCompiled = (loaded: number, total: number) => {
    if (isLoading) progress.tell({ file: "shaders", loaded, total, phase: "compile" });
  };
  let tables: EmbeddingTables<HostTable> | undefined;
  try {
    const computed = [...(positions?.graph.outputs.keys() ?? [])];
    residents.take(keysOf(computed));
    const computes = computed.some((name) => !residents.buffers.has(name));
    const all = computes ? [...specs, ...constants] : specs;
    const bytes = all.reduce((sum, spec) => sum + byteLength(spec.type), 0);
    const paged =
      bytes > limit
        ? await (
            await lazily(() => import("./layer-pages.js"))
          ).LayerPages.plan(checkpoint, all, limit, device, residents)
        : undefined;
    // Sets of buffers that layers take turns in are each model's own.
    const staying = paged?.fixed ?? all;
    const sharedKeys = keysOf(staying.flatMap(({ name }) => (computed.includes(name) ? [] : name)));
    residents.take(sharedKeys);
    const missing = staying.filter(({ name }) => !residents.buffers.has(name));
    await residents.allocate(missing.map((spec) => [spec.name, byteLength(spec.type)]));
    await paged?.allocate();
    const slots = slotTable(forward.config);
    if (residents.buffers.has("slots")) await residents.write("slots", slots.table);
    const onGpu = (name: string) => missing.some(({ parts }) => parts.some(({ tensor }) => tensor === name));
    const made = await makeTables(checkpoint, tableNames, keys.tables, onGpu, options);
    ({ tables } = made);
    const { words } = made.fresh;
    if (words instanceof LateTable) progress.expect(words.entry.file, "rows", words.lateBytes);
    // Allocation is answered before compilations that are asked for later, so the first bytes do not wait for shaders.
    const onPlan = (files: ReadonlyMap<string, number>): void => {
      files.forEach((total, file) => progress.expect(file, "weights", total));
      if (files.size === 0) progress.none("weights");
    };
    const reading: StreamOptions = paged?.loading(missing, made.fresh, signal) ?? {
      signal,
      onProgress: progress.tell,
      onPlan,
    };
    const streamed = streamWeights(checkpoint, missing, made.fresh, device, residents, reading);
    const { capabilities } = device;
    const compiled = compiledFor(device, forward.graph, tellCompiled);
    compiled.catch(() => undefined); // awaited after the weights, whose failure comes first
    await streamed;
    await sound;
    await compiled;
    if (device.capabilities !== capabilities) await compiledFor(device, forward.graph);
    signal?.throwIfAborted();
    if (positions && computes) await fillPositionCache(device, positions, residents, paged);
    await paged?.loaded(new Set(constants.map(({ name }) => name)));
    for (const { name } of constants) residents.release(name);
    signal?.throwIfAborted();
    residents.offer(keysOf(computed));
    residents.offer(sharedKeys);
    offerTables(made.fresh, keys.tables);
    if (words instanceof LateTable) void words.fill();
    return new LoadedWeights(residents, tables, storage, paged);
  } catch (error) {
    residents.dispose();
    if (tables) freeTables(tables, error as Error);
    throw error;
  } finally {
    isLoading = false; // after a failure compilations may go on, but nobody waits for them
  }
}
