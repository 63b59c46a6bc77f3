// A source on the web of which files are kept. Where everything that was read of it was kept, a load asks nobody: not for a listing, not
// whether a file is still the same. That is looked after later, for the next load. Where something is missing, the server is asked
// first which files have changed, so that one load never mixes files of two times.
import { CheckpointError } from "../../errors.js";
import { namedSource, type NamedSource } from "../byte-source.js";
import type { Listing } from "../hub.js";
import type { ProgressReporter } from "../progress.js";
import { KeptFile, type Keeping } from "./kept-file.js";
import {
  emptyManifest,
  type FileRecord,
  type Manifest,
  newRoom,
  readManifest,
  removeRoom,
  removeUnused,
  roomOf,
  sweep,
  updateManifest,
} from "./manifest.js";
import { Parts } from "./parts.js";
import { openStore, type Store } from "./store.js";

/** The server of a source. */
export interface Origin {
  /** As a caller names the source. */
  readonly source: string;
  /** What tells it from all others. */
  readonly identity: string;
  /** The hub's listing; undefined when it cannot be had. Other servers have none. */
  readonly list?: () => Promise<Listing | undefined>;
  /** A file by a request; why not, as an error; undefined when the listing does not name it. */
  open(name: string, listing: Listing | undefined): Promise<NamedSource | CheckpointError | undefined>;
  /** A file of which bytes are kept, without a request. */
  reopen(name: string, known: FileRecord, listing: Listing | undefined): NamedSource;
  /** Whether such a file is the same on the server now; undefined when it does not say. */
  isUnchanged(name: string, known: FileRecord): Promise<boolean | undefined>;
}

export interface KeepingOptions {
  /** Uses what is kept, and keeps nothing more. */
  readonly isReadOnly: boolean;
  readonly persist: boolean;
  readonly progress: ProgressReporter;
}

/** For so long files are taken to be the same without a look, in milliseconds. */
const FRESH = 3_600_000;
/** A look that nothing waits for comes so long after the load began. */
const LOOK_LATER = 5_000;

export class KeptSource {
  readonly #origin: Origin;
  readonly #store: Store;
  readonly #room: string;
  readonly #options: KeepingOptions;
  /** As it was when this load began, and with what this load did to it. */
  readonly #manifest: Manifest;
  #mayKeep: boolean;
  /** Whether the server has told, in this load, that the kept files are its own. */
  #isChecked = false;
  /** What this load has been given of kept files. */
  readonly #given = new Set<string>();
  /** What it began to keep. */
  readonly #begun = new Set<string>();

  private constructor(origin: Origin, store: Store, room: string, manifest: Manifest, options: KeepingOptions) {
    this.#origin = origin;
    this.#store = store;
    this.#room = room;
    this.#manifest = manifest;
    this.#options = options;
    this.#mayKeep = !options.isReadOnly;
  }

  /** Undefined where nothing can be kept. */
  static async open(origin: Origin, options: KeepingOptions): Promise<KeptSource | undefined> {
    const store = await openStore();
    if (!store) return undefined;
    const room = await roomOf(origin.identity);
    const manifest = (await readManifest(store, room)) ?? emptyManifest(origin.source);
    const kept = new KeptSource(origin, store, room, manifest, options);
    // Absent in workers of some browsers.
    const storage: Partial<Pick<StorageManager, "persist">> = navigator.storage;
    if (options.persist) void storage.persist?.().catch(() => false);
    await kept.#begin();
    return kept;
  }

  /** As `Origin.open`; undefined also when the file is known to be absent. */
  async open(name: string): Promise<NamedSource | CheckpointError | undefined> {
    const { files, absent, listing } = this.#manifest;
    const known = files.get(name);
    if (known) {
      this.#given.add(name);
      return this.#kept(name, known, this.#origin.reopen(name, known, listing));
    }
    if (absent.has(name) || (listing && !listing.files.has(name))) return undefined;
    await this.#requireUnchanged(name);
    const remote = await this.#origin.open(name, this.#manifest.listing);
    if (remote instanceof CheckpointError) {
      this.#noteAbsent(name);
      return remote;
    }
    return remote && this.#mayKeep ? this.#keep(name, remote) : remote;
  }

  /** The bytes of a file are not what they should be. */
  async refuse(name: string): Promise<void> {
    const known = this.#manifest.files.get(name);
    if (known && !this.#options.isReadOnly) await this.#drop([[name, known]], (room) => removeRoom(this.#store, room));
  }

  async #begin(): Promise<void> {
    const { files, listing, isStale, checked } = this.#manifest;
    const isSettled = files.size > 0 && [...files.values()].every(isUsable);
    if (!isSettled || isStale || (this.#origin.list && !listing)) await this.#check();
    else if (Date.now() - checked > FRESH && this.#mayKeep)
      setTimeout(() => void this.#look().catch(() => undefined), LOOK_LATER);
    if (files.size > 0 && this.#mayKeep) {
      void this.#update((manifest) => (manifest.lastUsed = Date.now()))
        .then(() => sweep(this.#store, this.#room))
        .catch(() => undefined);
    }
  }

  /** Asks the server, and drops what has changed: the names of that. Without an answer all is taken as it is. */
  async #check(): Promise<string[]> {
    this.#isChecked = true;
    const manifest = this.#manifest;
    const answer = await this.#changes();
    if (!answer) return [];
    const { changed, listing } = answer;
    manifest.listing = listing;
    manifest.absent.clear();
    const before = manifest.files.size;
    await this.#drop(changed, (room) => removeUnused(this.#store, room));
    if (before > 0 && this.#mayKeep)
      await this.#update((now) => {
        now.listing = listing;
        now.absent.clear();
        now.isStale = false;
        now.checked = Date.now();
      }).catch(() => undefined);
    return changed.map(([name]) => name);
  }

  /** The kept files that the server has no more; undefined when it does not answer. */
  async #changes(): Promise<{ changed: [string, FileRecord][]; listing: Listing | undefined } | undefined> {
    const files = [...this.#manifest.files];
    if (this.#origin.list) {
      const listing = await this.#origin.list();
      const isListed = (name: string, { oid, size }: FileRecord): boolean => {
        const listed = listing?.files.get(name);
        return listed?.oid !== undefined && listed.oid === oid && listed.size === size;
      };
      return listing && { changed: files.filter((entry) => !isListed(...entry)), listing };
    }
    const answers = await Promise.all(
      files.map(async ([name, file]) => (isDated(file) ? this.#origin.isUnchanged(name, file) : file.whole === true)),
    );
    if (files.length > 0 && answers.every((answer) => answer === undefined)) return undefined;
    return { changed: files.filter((_, i) => answers[i] === false), listing: undefined };
  }

  /** For the next load: what this one has been given stays as it is. */
  async #look(): Promise<void> {
    const answer = await this.#changes();
    if (!answer) return;
    await this.#update((now) => {
      now.isStale = answer.changed.length > 0;
      if (!now.isStale) now.listing = answer.listing;
      now.checked = Date.now();
    });
  }

  /** A file has to be fetched: those that were given without asking must be of the same time. */
  async #requireUnchanged(name: string): Promise<void> {
    if (this.#isChecked) return;
    const changed = (await this.#check()).filter((other) => this.#given.has(other));
    if (changed.length === 0) return;
    throw new CheckpointError(
      `${name}: lies beside files that have changed on the server since they were kept (${changed.join(", ")}); load again`,
      { file: name, reason: "changed" },
    );
  }

  /** Begins to keep a file that has been opened. */
  async #keep(name: string, remote: NamedSource): Promise<NamedSource> {
    const listed = this.#manifest.listing?.files.get(name);
    let file: FileRecord = {
      room: newRoom(this.#room),
      size: remote.size,
      version: remote.version ?? {},
      oid: listed?.oid,
      sha256: listed?.sha256,
    };
    const { listing, absent } = this.#manifest;
    try {
      await this.#update((manifest) => {
        const other = manifest.files.get(name);
        if (other && isSame(other, file)) file = other; // of a tab that opened it meanwhile
        manifest.files.set(name, file);
        manifest.listing = listing;
        absent.forEach((each) => manifest.absent.add(each));
      });
      await this.#store.addRoom(file.room);
    } catch (error) {
      await this.#giveUp(name, error);
      return remote;
    }
    this.#manifest.files.set(name, file);
    this.#begun.add(name);
    return this.#kept(name, file, remote);
  }

  async #kept(name: string, file: FileRecord, remote: NamedSource): Promise<NamedSource> {
    const parts = await Parts.open(this.#store, file.room, file.size).catch(() => undefined);
    if (!parts) return remote;
    const { settled: isSettled = false, verified, sha256 } = file;
    const bytes = new KeptFile(file.room, parts, remote, this.#keepingOf(name, file), {
      isSettled,
      sha256: verified ? undefined : sha256,
    });
    return namedSource(name, bytes, {
      version: file.version,
      identity: remote.identity,
      forwardOnly: () => remote.forwardOnly,
      keptBytes: () => bytes.keptBytes,
      close: () => remote.close(),
    });
  }

  #keepingOf(name: string, file: FileRecord): Keeping {
    const change = async (more: Partial<FileRecord>): Promise<void> => {
      const set = (manifest: Manifest): void => {
        const now = manifest.files.get(name);
        if (now?.room === file.room) manifest.files.set(name, { ...now, ...more });
      };
      set(this.#manifest);
      await this.#update((manifest) => {
        set(manifest);
        this.#manifest.absent.forEach((each) => manifest.absent.add(each));
      }).catch(() => undefined);
    };
    const mayKeep = (): boolean => this.#mayKeep;
    return {
      get mayKeep() {
        return mayKeep();
      },
      giveUp: (error) => this.#giveUp(name, error),
      settled: (settled, whole) => change({ settled, whole }),
      becameVerified: () => change({ verified: true }),
      refuse: async (why) => {
        await this.refuse(name);
        if (why === "changed") await this.#update((manifest) => (manifest.isStale = true)).catch(() => undefined);
        if (why !== "hash") return;
        this.#say(name);
        console.warn(`${name} of ${this.#origin.source} does not have the SHA-256 that the hub lists: it is not kept`);
      },
    };
  }

  /** There is no room, or the browser keeps no more: nothing that this load began is left, and nothing half. */
  async #giveUp(name: string, error: unknown): Promise<void> {
    if (!this.#mayKeep) return;
    this.#mayKeep = false;
    const isDeleted = error instanceof DOMException && error.name === "NotFoundError"; // by the user, meanwhile
    if (!isDeleted) this.#say(name);
    const half = [...this.#manifest.files].filter(([each, { whole }]) => this.#begun.has(each) || !whole);
    await this.#drop(half, (room) => removeRoom(this.#store, room));
  }

  #say(file: string): void {
    this.#options.progress.tell({ file, loaded: 0, total: undefined, phase: "not cached" });
  }

  /** Only beside a file that was kept whole: where nothing could be had, the network may be to blame. */
  #noteAbsent(name: string): void {
    const { absent, files } = this.#manifest;
    absent.add(name);
    if (this.#mayKeep && [...files.values()].some(({ whole }) => whole))
      void this.#update((manifest) => manifest.absent.add(name)).catch(() => undefined);
  }

  async #drop(dropped: readonly [string, FileRecord][], remove: (room: string) => Promise<void>): Promise<void> {
    for (const [name] of dropped) this.#manifest.files.delete(name);
    if (this.#options.isReadOnly || dropped.length === 0) return;
    try {
      await this.#update((manifest) => {
        for (const [name, { room }] of dropped)
          if (manifest.files.get(name)?.room === room) manifest.files.delete(name);
      });
      for (const [, { room }] of dropped) await remove(room);
    } catch {
      // a later sweep removes it
    }
  }

  #update(change: (manifest: Manifest) => unknown): Promise<void> {
    return updateManifest(this.#store, this.#room, this.#origin.source, (manifest) => void change(manifest));
  }
}

/** Whether a file can be used without asking: what it lacks would be told from another version's bytes. */
const isUsable = (file: FileRecord): boolean =>
  file.settled === true && (file.whole === true || file.oid !== undefined || isDated(file));

/** Whether the server says more of a file than its size. */
const isDated = ({ version }: FileRecord): boolean => version.etag !== undefined || version.modified !== undefined;

const isSame = (a: FileRecord, b: FileRecord): boolean =>
  a.size === b.size &&
  a.oid === b.oid &&
  a.version.etag === b.version.etag &&
  (a.version.etag !== undefined || a.version.modified === b.version.modified);
