// Where a browser lets a page keep bytes: the origin private file system, else the Cache API. Both give the same few things: rooms
// that hold named blobs, each of which is there whole or not at all. Neither is there in Node or over plain http.

/** Rooms with named blobs. Every call may reject: the browser may be out of room, or may have dropped everything. */
export interface Store {
  rooms(): Promise<string[]>;
  addRoom(room: string): Promise<void>;
  removeRoom(room: string): Promise<void>;
  names(room: string): Promise<string[]>;
  read(room: string, name: string): Promise<Blob | undefined>;
  /** Puts a blob into a room that exists, in one step: a crash in the middle leaves nothing that `names` would tell. */
  write(room: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** All that is kept lies below this name; what else the origin keeps is not ours. */
const OURS = "deberta-webgpu";

/** The best store that works here; undefined where there is none. */
export async function openStore(): Promise<Store | undefined> {
  const scope: Partial<Pick<Window, "caches" | "navigator">> = globalThis;
  if (!scope.navigator?.locks) return undefined;
  for (const open of [() => openFiles(scope.navigator!), () => openResponses(scope.caches)]) {
    try {
      const store = await open();
      if (store) return store;
    } catch {
      // refused: a private window, blocked cookies, a full disk
    }
  }
  return undefined;
}

/** A room is a directory. A writable of the file system shows what was written when it is closed, never before. */
async function openFiles({ storage }: Navigator): Promise<Store | undefined> {
  if (!("createWritable" in FileSystemFileHandle.prototype)) return undefined;
  const root = await (await storage.getDirectory()).getDirectoryHandle(OURS, { create: true });
  const opened = new Map<string, Promise<FileSystemDirectoryHandle>>();
  const handleOf = (room: string, create = false): Promise<FileSystemDirectoryHandle> => {
    const handle = opened.get(room) ?? root.getDirectoryHandle(room, { create });
    opened.set(room, handle);
    handle.catch(() => opened.delete(room));
    return handle;
  };
  return {
    rooms: () => namesOf(root),
    addRoom: async (room) => {
      await handleOf(room, true);
    },
    removeRoom: async (room) => {
      opened.delete(room);
      await root.removeEntry(room, { recursive: true }).catch(unlessAbsent);
    },
    names: async (room) => {
      const handle = await handleOf(room).catch(unlessAbsent);
      return handle ? namesOf(handle) : [];
    },
    read: async (room, name) => {
      const handle = await handleOf(room).catch(unlessAbsent);
      const file = await handle?.getFileHandle(name).catch(unlessAbsent);
      return file?.getFile();
    },
    write: async (room, name, bytes) => {
      const file = await (await handleOf(room)).getFileHandle(name, { create: true });
      const writable = await file.createWritable();
      try {
        await writable.write(bytes);
        await writable.close();
      } catch (error) {
        await writable.abort().catch(() => undefined);
        throw error;
      }
    },
  };
}

async function namesOf(directory: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of directory.keys()) names.push(name);
  return names;
}

function unlessAbsent(error: unknown): undefined {
  if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
  throw error;
}

/** A room is a cache, a blob the body of an answer to an address that nobody has. */
async function openResponses(caches: CacheStorage | undefined): Promise<Store | undefined> {
  if (!caches || !("keys" in Cache.prototype)) return undefined;
  const address = "https://kept.invalid/";
  const prefix = `${OURS} `;
  const all = async (): Promise<string[]> => (await caches.keys()).filter((name) => name.startsWith(prefix));
  await all();
  return {
    rooms: async () => (await all()).map((name) => name.slice(prefix.length)),
    addRoom: async (room) => {
      await caches.open(prefix + room);
    },
    removeRoom: async (room) => {
      await caches.delete(prefix + room);
    },
    names: async (room) => {
      if (!(await caches.has(prefix + room))) return [];
      const requests = await (await caches.open(prefix + room)).keys();
      return requests.map(({ url }) => url.slice(address.length));
    },
    read: async (room, name) => (await caches.match(address + name, { cacheName: prefix + room }))?.blob(),
    write: async (room, name, bytes) => {
      if (!(await caches.has(prefix + room))) throw new DOMException(`${room} is gone`, "NotFoundError");
      await (await caches.open(prefix + room)).put(address + name, new Response(bytes));
    },
  };
}
