// Files that are here already: chosen by the user, dropped on the page, or in a directory that the page may read.
import { CheckpointError, quote } from "../errors.js";
import { bytesFromBlob } from "./byte-source.js";
import type { Place } from "./source.js";

/** A directory that the user chose, or one of the page's own. */
export function directoryPlace(root: FileSystemDirectoryHandle): Place {
  return {
    location: `the directory ${quote(root.name)}`,
    open: async (name) => {
      const parts = name.split("/");
      const file = parts.pop()!;
      try {
        let directory = root;
        for (const part of parts) directory = await directory.getDirectoryHandle(part);
        const found = await (await directory.getFileHandle(file)).getFile(); // another object each time
        return bytesFromBlob(found, [root, name, found.size, found.lastModified]);
      } catch (cause) {
        if (cause instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(cause.name))
          return undefined;
        throw new CheckpointError(`${name}: could not be opened (${String(cause)})`, { cause, reason: "forbidden" });
      }
    },
  };
}

/** Files in a list; those of a chosen directory go by their path below the folder that all of them share. */
export function filesPlace(files: readonly File[]): Place {
  const paths = files.map((file) => (file.webkitRelativePath || file.name).split("/"));
  let shared = 0;
  while (paths.length > 0 && paths.every((path) => path.length > shared + 1 && path[shared] === paths[0]![shared]))
    shared++;
  const byName = new Map(files.map((file, i) => [paths[i]!.slice(shared).join("/"), file]));
  return {
    location: "the given files",
    open: (name) => {
      const file = byName.get(name);
      return Promise.resolve(file && bytesFromBlob(file));
    },
  };
}

/** By its members: a file may come from another window, whose File class is another one. */
export function isFile(value: unknown): value is File {
  return value instanceof Object && "name" in value && "slice" in value && "arrayBuffer" in value;
}
