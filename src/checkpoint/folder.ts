// From what a caller names as a source (URL, hub id, files, custom) to a Folder.
import type { ByteSource, Folder } from "./byte-source.js";

/** Where a model's files come from: see `openFolder`. */
export type Source = string | URL | readonly File[] | FileList | FileSystemDirectoryHandle | Folder;

/** A step of loading, for progress bars. `total` is undefined where the server hides it. */
export interface Progress {
  readonly file: string;
  readonly loaded: number;
  readonly total: number | undefined;
  readonly phase: string;
}

/** How files are fetched. */
export interface SourceOptions {
  readonly revision?: string;
  readonly token?: string;
  readonly cache?: "auto" | "off";
  readonly integrity?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export type { ByteSource, Folder };
