// What is known of a source that is kept: one small JSON file in a room of its own. Its files' bytes lie in rooms beside it. Tabs
// change it in turns; a load works with the state that it began with.
import { isObject, fieldOf } from "../../json.js";
import type { Version } from "../byte-source.js";
import type { ListedFile, Listing } from "../hub.js";
import { takeLock, withLock } from "./locks.js";
import type { Store } from "./store.js";

/** A file of which bytes are kept. */
export interface FileRecord {
  /** Where its parts are; every version has a room of its own. */
  readonly room: string;
  readonly size: number;
  readonly version: Version;
  /** What the hub's listing calls its bytes, and their SHA-256 in hexadecimal. */
  readonly oid?: string | undefined;
  readonly sha256?: string | undefined;
  /** All that the last load asked for is kept: nothing was interrupted. */
  readonly settled?: boolean;
  /** All of its bytes are kept. */
  readonly whole?: boolean;
  /** They have been hashed. */
  readonly verified?: boolean;
}

/** A source of which files are kept. */
export interface Manifest {
  /** As a caller names it: an address, or a hub id. */
  source: string;
  /** Milliseconds since 1970. */
  lastUsed: number;
  /** When the server was last asked whether the files are still the same. */
  checked: number;
  /** They are not: the next load asks before it uses them. */
  isStale: boolean;
  listing: Listing | undefined;
  files: Map<string, FileRecord>;
  /** Names that the server has no file for. */
  absent: Set<string>;
}

const NAME = "manifest.json";
const FORMAT = 1;

/** The room of a source: what tells it from others, hashed, as addresses are no names of files. */
export async function roomOf(identity: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A new room for a file's parts. */
export const newRoom = (source: string): string => `${source}.${crypto.randomUUID()}`;

/** Whether a room holds a source's manifest, not a file's parts. */
export const isSourceRoom = (room: string): boolean => !room.includes(".");

/** Of a source that was not kept so far. */
export function emptyManifest(source: string): Manifest {
  const now = Date.now();
  return {
    source,
    lastUsed: now,
    checked: now,
    isStale: false,
    listing: undefined,
    files: new Map(),
    absent: new Set(),
  };
}

/** Undefined when nothing is kept, or it cannot be read. */
export function readManifest(store: Store, room: string): Promise<Manifest | undefined> {
  return withLock(room, () => read(store, room)); // a file that is being replaced cannot be read
}

async function read(store: Store, room: string): Promise<Manifest | undefined> {
  try {
    const text = await (await store.read(room, NAME))?.text();
    const json: unknown = text === undefined ? undefined : JSON.parse(text);
    if (!isObject(json) || fieldOf(json, "format") !== FORMAT) return undefined;
    const { listing, files, absent, ...rest } = json as unknown as Stored;
    return {
      ...rest,
      listing: listing && { commit: listing.commit, files: new Map(listing.files) },
      files: new Map(files),
      absent: new Set(absent),
    };
  } catch {
    return undefined;
  }
}

/** As JSON has it. */
type Stored = Omit<Manifest, "listing" | "files" | "absent"> & {
  readonly listing?: { readonly commit: string; readonly files: (readonly [string, ListedFile])[] };
  readonly files: (readonly [string, FileRecord])[];
  readonly absent: string[];
};

/** Changes the manifest as it is now, whoever changed it since it was read; without files none is left. */
export function updateManifest(
  store: Store,
  room: string,
  source: string,
  change: (manifest: Manifest) => void,
): Promise<void> {
  return withLock(room, async () => {
    const manifest = (await read(store, room)) ?? emptyManifest(source);
    change(manifest);
    if (manifest.files.size === 0) return store.removeRoom(room);
    const { listing, files, absent, ...rest } = manifest;
    const stored: Stored & { format: number } = {
      format: FORMAT,
      ...rest,
      ...(listing && { listing: { commit: listing.commit, files: [...listing.files] } }),
      files: [...files],
      absent: [...absent],
    };
    await store.addRoom(room);
    await store.write(room, NAME, new TextEncoder().encode(JSON.stringify(stored)));
  });
}

/** Removes a source's rooms of files that its manifest does not name, but for those that are being read. */
export async function sweep(store: Store, room: string): Promise<void> {
  const rooms = await store.rooms(); // before the manifest, which names a room before it is made
  const manifest = await readManifest(store, room);
  const named = new Set([...(manifest?.files.values() ?? [])].map((file) => file.room));
  for (const other of rooms) if (other.startsWith(`${room}.`) && !named.has(other)) await removeUnused(store, other);
}

/** Removes the parts of a file, unless somebody reads them: then a later `sweep` does. */
export async function removeUnused(store: Store, room: string): Promise<void> {
  const held = await takeLock(`use ${room}`, { ifAvailable: true });
  if (!held) return;
  try {
    await store.removeRoom(room);
  } finally {
    held.letGo();
  }
}

/** Removes the parts of a file; who reads them goes on over the network, who writes stops. */
export async function removeRoom(store: Store, room: string): Promise<void> {
  const held = await takeLock(`write ${room}`, { steal: true });
  try {
    for (let tries = 0; ; tries++) {
      try {
        await store.removeRoom(room);
        return;
      } catch (error) {
        if (tries === MOST_TRIES) throw error; // the last part is not written yet
        await new Promise((resolve) => setTimeout(resolve, WAIT));
      }
    }
  } finally {
    held?.letGo();
  }
}

const MOST_TRIES = 20;
const WAIT = 25;
