// From a checkpoint and a device to weights on the GPU. A graph says which tensors are needed; all that are missing or
// misshapen are reported at once, before a byte of weights is read. Bytes then pass in chunks: file → staging → packed.
import { DisposedError, UnsupportedError } from "../../errors.js";
import { byteLength } from "../../kernels/kernel.js";
import type { Device } from "../../runtime/device.js";
import type { StreamOptions } from "../../checkpoint/stream.js";
import { lazily } from "../../lazy.js";
import { compiledFor } from "../../runtime/compiled.js";
import { Residents } from "../../runtime/weights.js";
import type { Builder, ResidentSpec } from "../deberta/layers.js";
import { type SlotTable, slotTable } from "../deberta/relative-position.js";
import type { EmbeddingTables, HostTable } from "./embeddings.js";
import { LateTable } from "./late-table.js";
import type { LayerPages } from "./layer-pages.js";
import type { Checkpoint } from "./named-tensors.js";
import type { LoadOptions } from "./options.js";
import { streamWeights } from "./pack-stream.js";
import { fillPositionCache, positionGraph } from "./position-cache.js";
import { chooseStorage, type Storage, stored, WEIGHT_TYPES } from "./storage.js";
import { makeTables, type TableShapes } from "./tables.js";

/** Everything that loading leaves behind. Engines hold it, and the last one to let go frees it. */
export class LoadedWeights {
  readonly residents: Residents;
  readonly tables: EmbeddingTables<HostTable>;
  readonly slots: SlotTable;
  readonly storage: Storage;
  /** Of layers that take turns. */
  readonly pages: LayerPages | undefined;
  private holders = 0;

  constructor(
    residents: Residents,
    tables: EmbeddingTables<HostTable>,
    slots: SlotTable,
    storage: Storage,
    pages?: LayerPages,
  ) {
    this.residents = residents;
    this.tables = tables;
    this.slots = slots;
    this.storage = storage;
    this.pages = pages;
  }

  hold(): this {
    this.holders++;
    return this;
  }

  /** Once for every `hold`. */
  release(): void {
    if (--this.holders > 0) return;
    this.residents.dispose();
    for (const table of this.all) table.free(new DisposedError("this model was disposed"));
  }

  /** Of the tables on the host. */
  get hostBytes(): number {
    return this.all.reduce((sum, table) => sum + table.byteLength + (table.scales?.byteLength ?? 0), 0);
  }

  private get all(): HostTable[] {
    const { words, positions, types } = this.tables;
    return [words, positions, types].filter((table) => table !== undefined);
  }
}

/**
 * Loads what a graph needs, and the tables. The graph is that of a short text: it names every resident, and shares its
 * pipelines with all sizes. A failure frees every buffer that was made.
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
  const { signal } = options;
  const { config } = forward;
  const { progress } = checkpoint.folder;
  const { dtype = "auto" } = options;
  if (!WEIGHT_TYPES.includes(dtype))
    throw new UnsupportedError(`dtype is "${dtype}", supported are ${WEIGHT_TYPES.join(", ")}`);
  const slots = slotTable(config);
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
  const all = [...specs.values(), ...constants.values()].map((spec) => stored(spec, storage));
  const bytes = all.reduce((sum, spec) => sum + byteLength(spec.type), 0);
  const { gpuMemoryLimit: limit = Infinity } = options;
  const residents = new Residents(device);
  const paged =
    bytes > limit
      ? await (
          await lazily(() => import("./layer-pages.js"))
        ).LayerPages.plan(checkpoint, all, limit, device, residents)
      : undefined;
  let isLoading = true;
  const tellCompiled = (loaded: number, total: number) => {
    if (isLoading) progress.tell({ file: "shaders", loaded, total, phase: "compile" });
  };
  try {
    if (paged) await paged.allocate();
    else await residents.allocate(all.map((spec) => [spec.name, byteLength(spec.type)]));
    if (residents.buffers.has("slots")) await residents.write("slots", slots.table);
    const onGpu = (name: string) => all.some(({ parts }) => parts.some(({ tensor }) => tensor === name));
    const tables = await makeTables(checkpoint, tableNames, onGpu, options);
    const { words } = tables;
    if (words instanceof LateTable) progress.expect(words.entry.file, "rows", words.lateBytes);
    // Allocation is answered before compilations that are asked for later, so the first bytes do not wait for shaders.
    const onPlan = (files: ReadonlyMap<string, number>): void =>
      files.forEach((total, file) => progress.expect(file, "weights", total));
    const reading: StreamOptions = paged?.loading(tables, signal) ?? { signal, onProgress: progress.tell, onPlan };
    const streamed = streamWeights(checkpoint, paged?.fixed ?? all, tables, device, residents, reading);
    const { capabilities } = device;
    const compiled = compiledFor(device, forward.graph, tellCompiled);
    compiled.catch(() => undefined); // awaited after the weights, whose failure comes first
    await streamed;
    await sound;
    await compiled;
    if (device.capabilities !== capabilities) await compiledFor(device, forward.graph);
    signal?.throwIfAborted();
    if (positions) await fillPositionCache(device, positions, residents, paged);
    await paged?.loaded(new Set(constants.keys()));
    for (const name of constants.keys()) residents.release(name);
    signal?.throwIfAborted();
    if (words instanceof LateTable) void words.fill();
    return new LoadedWeights(residents, tables, slots, storage, paged);
  } catch (error) {
    residents.dispose();
    throw error;
  } finally {
    isLoading = false; // after a failure compilations may go on, but nobody waits for them
  }
}
