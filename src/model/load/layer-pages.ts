// Weights that are larger than `gpuMemoryLimit`: the last layers take turns in two sets of buffers. While one layer runs, the next is
// read (from what the browser keeps, or from the source) and packed into the other set, as at loading.
import { byteLengthOf, type Span } from "../../checkpoint/byte-plan.js";
import type { Step } from "../../checkpoint/progress.js";
import { openPresent } from "../../checkpoint/read-whole.js";
import { abortable, eitherSignal } from "../../checkpoint/signals.js";
import type { StreamOptions } from "../../checkpoint/stream.js";
import { UnsupportedError } from "../../errors.js";
import { byteLength } from "../../kernels/kernel.js";
import type { Device } from "../../runtime/device.js";
import type { Pages } from "../../runtime/pages.js";
import type { Residents } from "../../runtime/weights.js";
import type { ResidentSpec } from "../deberta/layers.js";
import type { EmbeddingTables, HostTable } from "./embeddings.js";
import type { Checkpoint } from "./named-tensors.js";
import { streamWeights } from "./pack-stream.js";
import { firstToPage, heldBytes, layerOf, SETS } from "./page-plan.js";

/** One set of buffers: the layer that is in it or on its way. */
interface Turn {
  page: number | undefined;
  ready: Promise<void>;
}

export class LayerPages implements Pages {
  /** What is always on the GPU. */
  readonly fixed: readonly ResidentSpec[];
  private readonly pages = new Map<number, ResidentSpec[]>();
  private readonly checkpoint: Checkpoint;
  private readonly device: Device;
  private readonly residents: Residents;
  private readonly turns: readonly Turn[] = Array.from({ length: SETS }, () => ({
    page: undefined,
    ready: Promise.resolve(),
  }));
  /** Settles when what is being read is there: one layer at a time, so that one staging buffer is alive. */
  private reading: Promise<void> = Promise.resolve();
  private stop = new AbortController();
  private readonly seen = new Set<number>();
  /** While the model loads. */
  private load: StreamOptions | undefined;

  private constructor(
    checkpoint: Checkpoint,
    specs: readonly ResidentSpec[],
    first: number,
    device: Device,
    residents: Residents,
  ) {
    this.checkpoint = checkpoint;
    this.device = device;
    this.residents = residents;
    const fixed: ResidentSpec[] = [];
    for (const spec of specs) {
      const page = pageOf(spec);
      if (page === undefined || page < first) fixed.push(spec);
      else this.pages.set(page, [...(this.pages.get(page) ?? []), spec]);
    }
    this.fixed = fixed;
  }

  /**
   * Plans pages within `limit` bytes; allocates nothing.
   * @throws UnsupportedError when not even two layers at a time fit, or when the files cannot be read layer by layer
   */
  static async plan(
    checkpoint: Checkpoint,
    specs: readonly ResidentSpec[],
    limit: number,
    device: Device,
    residents: Residents,
  ): Promise<LayerPages> {
    const layers: number[] = [];
    let fixed = 0;
    let staged = 0;
    for (const spec of specs) {
      const [page, bytes] = [pageOf(spec), byteLength(spec.type)];
      if (page === undefined) fixed += bytes;
      else layers[page] = (layers[page] ?? 0) + bytes;
      if (page !== undefined)
        staged = Math.max(staged, ...spec.parts.map(({ tensor }) => byteLengthOf(checkpoint.find(tensor)!)));
    }
    const first = firstToPage(layers, fixed + staged, limit);
    if (first === undefined)
      throw new UnsupportedError(
        `the weights need ${Math.ceil(heldBytes(layers, fixed + staged, 0))} bytes of GPU memory when layers take turns, gpuMemoryLimit is ${limit}`,
      );
    const files = new Set(
      specs.flatMap(({ parts }) =>
        parts
          .filter(({ tensor }) => (layerOf(tensor) ?? 0) >= first)
          .map(({ tensor }) => checkpoint.find(tensor)!.file),
      ),
    );
    for (const name of files) {
      const { sha256, forwardOnly } = await openPresent(checkpoint.folder, name);
      const why =
        sha256 !== undefined ? "its hash is promised" : forwardOnly ? "its server knows no ranges" : undefined;
      if (why)
        throw new UnsupportedError(
          `${name}: the weights exceed gpuMemoryLimit, and layers cannot be read one by one as ${why}`,
        );
    }
    return new LayerPages(checkpoint, specs, first, device, residents);
  }

  /** Makes the sets of buffers, each as large as its largest layer. */
  async allocate(): Promise<void> {
    const sets = new Map<string, { bytes: number; readonly names: string[] }>();
    for (const [page, specs] of this.pages) {
      for (const { name, type } of specs) {
        const key = `${page % SETS} ${name.replace(/\d+/, "")}`; // the first number of a name is the layer's
        const set = sets.get(key) ?? { bytes: 0, names: [] };
        set.bytes = Math.max(set.bytes, byteLength(type));
        set.names.push(name);
        sets.set(key, set);
      }
    }
    const shared = [...sets.values()];
    await this.residents.allocate(shared.map(({ names: [first], bytes }) => [first!, bytes] as const));
    for (const { names } of shared)
      for (const name of names) this.residents.buffers.set(name, this.residents.buffers.get(names[0]!)!);
  }

  /** How the load reads: what it lacks of what is fixed, then the pages, in one progress over all of it. */
  loading(
    missing: readonly ResidentSpec[],
    tables: Partial<EmbeddingTables<HostTable>>,
    signal: AbortSignal | undefined,
  ): StreamOptions {
    const { checkpoint } = this;
    const { progress } = checkpoint.folder;
    const specs = [...missing, ...[...this.pages.values()].flat()];
    const spans = new Set<Span>(specs.flatMap(({ parts }) => parts.map(({ tensor }) => checkpoint.find(tensor)!)));
    for (const table of Object.values(tables)) if (table.prompt) spans.add(table.prompt);
    const files = new Map<string, { total: number; before: number; loaded: number }>();
    for (const span of spans) {
      const file = files.get(span.file) ?? { total: 0, before: 0, loaded: 0 };
      file.total += byteLengthOf(span);
      files.set(span.file, file);
    }
    for (const [file, { total }] of files) progress.expect(file, "weights", total);
    const onProgress = (step: Step): void => {
      const file = files.get(step.file)!;
      if (step.loaded === 0) file.before += file.loaded; // another part begins
      file.loaded = step.loaded;
      progress.tell({ ...step, loaded: Math.min(file.total, file.before + file.loaded), total: file.total });
    };
    this.load = { signal, onProgress };
    return this.load;
  }

  /** Reads the pages that nobody has asked for yet, so that a damaged one is told now; then forgets residents that are needed no more. */
  async loaded(unneeded: ReadonlySet<string>): Promise<void> {
    for (const page of this.pages.keys()) if (!this.seen.has(page)) await this.read(page);
    this.load = undefined;
    for (const [page, specs] of this.pages)
      this.pages.set(
        page,
        specs.filter(({ name }) => !unneeded.has(name)),
      );
  }

  of(resident: string): number | undefined {
    const layer = layerOf(resident);
    return layer !== undefined && this.pages.get(layer)?.some(({ name }) => name === resident) ? layer : undefined;
  }

  async bring(page: number | undefined, next: number | undefined, signal?: AbortSignal): Promise<void> {
    if (page !== undefined) await abortable(this.read(page), signal);
    if (next !== undefined && (page === undefined || next % SETS !== page % SETS)) void this.read(next);
  }

  async rest(): Promise<void> {
    this.stop.abort(new DOMException("the run has ended", "AbortError"));
    this.stop = new AbortController();
    await this.reading;
  }

  toString(): string {
    const [first, last] = [Math.min(...this.pages.keys()), Math.max(...this.pages.keys())];
    return `layers ${first} to ${last} take turns in ${SETS} sets of buffers (gpuMemoryLimit)`;
  }

  /** The page on its way into its set, if it is not there. A failure is told to who waits, and forgotten. */
  private read(page: number): Promise<void> {
    const turn = this.turns[page % SETS]!;
    if (turn.page === page) return turn.ready;
    const { checkpoint, device, residents, load } = this;
    const signal = eitherSignal(this.stop.signal, load?.signal);
    turn.page = page;
    turn.ready = this.reading.then(async () => {
      try {
        await streamWeights(checkpoint, this.pages.get(page)!, {}, device, residents, { ...load, signal });
        this.seen.add(page);
      } catch (error) {
        if (turn.page === page) turn.page = undefined;
        throw error;
      }
    });
    this.reading = turn.ready.catch(() => undefined);
    return turn.ready;
  }
}

/** The layer that a resident belongs to; undefined for what the engine fills itself. */
const pageOf = ({ name, parts }: ResidentSpec): number | undefined => (parts.length > 0 ? layerOf(name) : undefined);
