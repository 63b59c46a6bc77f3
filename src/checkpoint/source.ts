// What a caller names as a source (an address, a hub id, files, an object of his own), and how its files are to be fetched.
import type { CheckpointError } from "../errors.js";
import type { OptionTable } from "../options.js";
import type { ByteSource, Folder, NamedSource } from "./byte-source.js";
import type { ProgressListener, ProgressReporter } from "./progress.js";
import type { Clock } from "./retry.js";

/** Where a model's files come from: see `openFolder`. */
export type Source = string | URL | readonly File[] | FileList | FileSystemDirectoryHandle | Folder;

/** How files are fetched. */
export interface SourceOptions {
  /** Branch, tag or commit of a hub id; `main` by default. */
  readonly revision?: string;
  /** A folder below the source that holds the files, tokenizer included. */
  readonly subfolder?: string;
  /** Sent as `Authorization: Bearer …` to the source's own origin only, never over plain http but to localhost. */
  readonly token?: string;
  /** Sent with every request to the source's own origin, never over plain http but to localhost. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * "auto" (the default) keeps the files of addresses and hub ids in the browser, where it lets pages do so: a second load fetches
   * nothing, and makes no request. An hour or more after they were last compared with the server's they are compared again, after the
   * load, for the load that comes next. "read-only" uses what is kept, and keeps nothing more.
   */
  readonly cache?: "auto" | "read-only" | "off";
  /** Asks the browser to keep the cache when room gets short; some browsers ask the user. */
  readonly persist?: boolean;
  /**
   * What a file's bytes must hash to, `sha256-` and base64 as in subresource integrity, by the file's name. It pins the load: a
   * file that it does not name is refused. `hashesOf` makes this table.
   */
  readonly integrity?: Readonly<Record<string, string>>;
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Ends opening files; reading takes a signal of its own. */
  readonly signal?: AbortSignal;
  /** Told of every step of the load. */
  readonly onProgress?: ProgressListener;
}

export const SOURCE_OPTIONS: OptionTable<SourceOptions> = {
  revision: "string",
  subfolder: "string",
  token: "string",
  headers: "object",
  cache: ["auto", "read-only", "off"],
  persist: "boolean",
  integrity: "object",
  fetch: "function",
  signal: "object",
  onProgress: "function",
};

/** A source before its files are named, kept and checked. */
export interface Place {
  /** For messages; without credentials. */
  readonly location: string;
  readonly isRemote?: boolean;
  open(name: string): Promise<ByteSource | NamedSource | undefined>;
  /** What was answered for a file that `open` did not give. */
  whyMissing?(name: string): CheckpointError | undefined;
  /** Its bytes are not what they should be: they are kept no longer. */
  refuse?(name: string): void;
  close?(): void;
}

/** What a place on the web is opened with, beside its address. */
export interface PlaceContext {
  readonly options: SourceOptions;
  readonly clock: Clock;
  readonly progress: ProgressReporter;
}

export const SOURCE_HELP: string =
  'a base URL that ends in "/" (a relative one begins with "/", "./" or "../"), a hub id "owner/name", File[], ' +
  "a directory handle, or { open(name) }";
