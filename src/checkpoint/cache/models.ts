// What is kept, as a page shows it: a line a source, and ways to delete one or all.
import { withLock } from "./locks.js";
import { isSourceRoom, readManifest, removeRoom, type Manifest } from "./manifest.js";
import { partsOf, withoutCovered } from "./parts.js";
import { openStore, type Store } from "./store.js";

/** A source of which files are kept. */
export interface CachedModel {
  /** An address, or a hub id. */
  readonly source: string;
  /** What is kept of it; less than it has while a download is under way, or was interrupted. */
  readonly bytes: number;
  /** How many files. */
  readonly files: number;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

/** What this origin keeps, the last used first. Empty where a browser keeps nothing, and in Node. */
export async function cachedModels(): Promise<CachedModel[]> {
  const bySource = new Map<string, CachedModel>();
  for (const { store, manifest } of await kept()) {
    const other = bySource.get(manifest.source); // another revision
    let bytes = other?.bytes ?? 0;
    for (const { room, size } of manifest.files.values()) bytes += await bytesIn(store, room, size);
    bySource.set(manifest.source, {
      source: manifest.source,
      bytes,
      files: manifest.files.size + (other?.files ?? 0),
      lastUsed: Math.max(manifest.lastUsed, other?.lastUsed ?? 0),
    });
  }
  return [...bySource.values()].sort((a, b) => b.lastUsed - a.lastUsed);
}

/**
 * Deletes what is kept of a source, named as it was loaded or as `cachedModels` names it: of a hub id, all revisions. Models that are
 * loaded go on.
 */
export async function deleteCachedModel(source: string | URL): Promise<void> {
  const { sourceName } = await import("../web.js");
  const name = sourceName(source);
  for (const { store, room, manifest } of await kept()) if (manifest.source === name) await remove(store, room);
}

/** Deletes all that this package keeps at this origin, and nothing else. */
export async function clearCache(): Promise<void> {
  const store = await openStore();
  for (const room of (await store?.rooms()) ?? []) await removeRoom(store!, room);
}

async function kept(): Promise<{ store: Store; room: string; manifest: Manifest }[]> {
  const store = await openStore();
  if (!store) return [];
  const found: { store: Store; room: string; manifest: Manifest }[] = [];
  for (const room of (await store.rooms()).filter(isSourceRoom)) {
    const manifest = await readManifest(store, room);
    if (manifest) found.push({ store, room, manifest });
  }
  return found;
}

async function bytesIn(store: Store, room: string, size: number): Promise<number> {
  let [bytes, at] = [0, 0];
  for (const { start, end } of withoutCovered(partsOf(await store.names(room), size))) {
    bytes += end - Math.max(at, start);
    at = end;
  }
  return bytes;
}

async function remove(store: Store, room: string): Promise<void> {
  await withLock(room, () => store.removeRoom(room)); // first what names the others
  for (const other of await store.rooms()) if (other.startsWith(`${room}.`)) await removeRoom(store, other);
}
