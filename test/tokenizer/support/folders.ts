// Folders for tokenizer tests: from disk (Node), from bytes in memory, with some files replaced or hidden.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ByteSource, Folder } from "../../../src/checkpoint/byte-source.js";

/** The bytes as a file. */
export function fileOf(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    async *read(start, end) {
      await Promise.resolve();
      yield bytes.slice(start, end);
    },
  };
}

/** A folder of these files; strings are UTF-8, objects JSON. */
export function folderOf(files: Readonly<Record<string, Uint8Array | string | object>>): Folder {
  return {
    open: (name) => {
      const content = Object.hasOwn(files, name) ? files[name] : undefined;
      if (content === undefined) return Promise.resolve(undefined);
      if (content instanceof Uint8Array) return Promise.resolve(fileOf(content));
      const text = typeof content === "string" ? content : JSON.stringify(content);
      return Promise.resolve(fileOf(new TextEncoder().encode(text)));
    },
  };
}

/** Those files of a folder on disk that exist. */
export function readFolder(path: string, names: readonly string[]): Record<string, Uint8Array> {
  return Object.fromEntries(
    names
      .filter((name) => existsSync(join(path, name)))
      .map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]),
  );
}
