// From what a caller names as a source (URL, hub id, files, an object of his own) to a folder of named files, and the
// reading of small files as a whole. Names that come out of files are names, never addresses: they are checked here.
import { CheckpointError } from "../errors.js";
import {
  abortable,
  asOurs,
  bytesFromBlob,
  namedSource,
  readRange,
  type ByteSource,
  type Folder,
  type NamedSource,
} from "./byte-source.js";
import type { Server } from "./http.js";
import { looksLike } from "./look-alike.js";
import { systemClock, type Clock } from "./retry.js";
import { openUrl } from "./url-source.js";

/** Where a model's files come from: see `openFolder`. */
export type Source = string | URL | readonly File[] | FileList | FileSystemDirectoryHandle | Folder;

/** A step of loading, for progress bars. */
export interface Progress {
  /** A file's name; "shaders" in the phase "compile". */
  readonly file: string;
  /** Bytes; compiled shaders in the phase "compile". Never falls within a phase. */
  readonly loaded: number;
  /** What `loaded` will reach; undefined where the server hides it. */
  readonly total: number | undefined;
  /**
   * "vocabulary", "weights": a file of the tokenizer or the model arrives. "compile": shaders are compiled, at the same time.
   * "rows": the model is ready, the rest of its word table arrives.
   */
  readonly phase: string;
}

/** How files are fetched. */
export interface SourceOptions {
  /** Branch, tag or commit of a hub id; `main` by default. */
  readonly revision?: string;
  /** Sent as `Authorization: Bearer …` to the source's own origin only. */
  readonly token?: string;
  /** Accepted; there is no cache beside the browser's own yet. */
  readonly cache?: "auto" | "off";
  /** What a file's bytes must hash to, `sha256-` and base64 as in subresource integrity, by the file's name. */
  readonly integrity?: Readonly<Record<string, string>>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Ends opening files; reading takes a signal of its own. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** An opened source. Each file is opened once, however often it is asked for. */
export interface ModelFolder extends Folder {
  /** Where the files are, for messages; without credentials. */
  readonly location: string;
  /** Whether files come over a network, where bytes cost time. */
  readonly isRemote: boolean;
  /**
   * The file, or undefined when the folder has none of that name.
   * @throws CheckpointError when the name leaves the folder or the file cannot be had
   */
  open(name: string): Promise<NamedSource | undefined>;
  /** Lets go of every open download. Files stay readable. */
  close(): void;
}

export type { ByteSource, Folder, NamedSource };

/** A source before its files are named, kept and checked. */
interface Place {
  readonly location: string;
  readonly isRemote?: boolean;
  open(name: string): Promise<ByteSource | NamedSource | undefined>;
  close?(): void;
}

/**
 * Opens a source: a base URL that ends in "/" (relative ones begin with "/", "./" or "../" and count from the page), a
 * hub id "owner/name", files or a directory that the user chose, or an object with `open(name)`.
 * An opened folder is given back as it is. No request is made before a file is opened.
 * @throws TypeError for anything else
 */
// eslint-disable-next-line @typescript-eslint/require-await -- a wrong source rejects, as every failure does
export async function openFolder(
  source: Source,
  options: SourceOptions = {},
  clock: Clock = systemClock,
): Promise<ModelFolder> {
  if (typeof source === "object" && OPENED.has(source)) return source as ModelFolder;
  const { signal } = options;
  const digests = new Map(Object.entries(options.integrity ?? {}).map(([name, text]) => [name, sha256Of(name, text)]));
  const place = placeOf(source, options, digests, clock);
  const opened = new Map<string, Promise<NamedSource | undefined>>();

  const open = async (name: string): Promise<NamedSource | undefined> => {
    signal?.throwIfAborted();
    const file = await abortable(place.open(name), signal).catch((error: unknown) => {
      throw asOurs(name, error, signal);
    });
    return file && ("forwardOnly" in file ? file : namedSource(name, file, { sha256: digests.get(name) }));
  };
  const folder: ModelFolder = {
    location: place.location,
    isRemote: place.isRemote ?? false,
    open: (name) => {
      if (!isFileName(name)) return Promise.reject(new CheckpointError(`${quote(name)} is not a name of a file`));
      const file = opened.get(name) ?? open(name);
      opened.set(name, file);
      file.catch(() => opened.delete(name)); // a failure may pass: the next call tries again
      return file;
    },
    close: () => place.close?.(),
  };
  OPENED.add(folder);
  return folder;
}

/** What `openFolder` made; its own objects pass through it. */
const OPENED = new WeakSet<object>();

/** Whether a name from outside stays a name: parts of plain characters joined by single slashes, none of them ".". */
export function isFileName(name: string): boolean {
  const part = /^(?!\.{1,2}$)[\w.-]{1,255}$/;
  return name.length <= 1024 && name.split("/").every((each) => part.test(each));
}

/** A text from a file, for messages: quoted, and cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

const SOURCE_HELP =
  'a base URL that ends in "/" (a relative one begins with "/", "./" or "../"), a hub id "owner/name", File[], ' +
  "a directory handle, or { open(name) }";

function placeOf(source: Source, options: SourceOptions, digests: ReadonlyMap<string, string>, clock: Clock): Place {
  if (typeof source === "string" || source instanceof URL) {
    return webPlace(baseOf(source, options.revision ?? "main"), options, digests, clock);
  }
  if (typeof source === "object" && (source as Source | null) !== null) {
    if ("open" in source && typeof source.open === "function") {
      // Async, so that one that throws at once rejects like one that rejects.
      return { location: "the given source", open: async (name) => await source.open(name) };
    }
    if ("getFileHandle" in source) return directoryPlace(source);
    if ("length" in source && Array.from(source).every(isFile)) return filesPlace(Array.from(source));
  }
  throw new TypeError(`A source is ${SOURCE_HELP}`);
}

function baseOf(source: string | URL, revision: string): URL {
  const text = String(source);
  const hub = /^([\w-][\w.-]*)\/([\w-][\w.-]*)$/.exec(text);
  if (hub) return new URL(`https://huggingface.co/${text}/resolve/${encodeURIComponent(revision)}/`);
  const isRelative = /^\.{0,2}\//.test(text);
  const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const base =
    (isRelative || isAbsolute) && URL.canParse(text, pageAddress()) ? new URL(text, pageAddress()) : undefined;
  if (!base?.pathname.endsWith("/")) throw new TypeError(`${quote(text)} is not a source; one is ${SOURCE_HELP}`);
  if (base.username || base.password) throw new TypeError("a source's URL has no password: pass `token` or `headers`");
  base.search = base.hash = "";
  return base;
}

/** What relative addresses count from: the page, or the worker's script; undefined in Node. */
function pageAddress(): string | undefined {
  const scope: Partial<Pick<Window, "document" | "location">> = globalThis;
  return scope.document?.baseURI ?? scope.location?.href;
}

function webPlace(base: URL, options: SourceOptions, digests: ReadonlyMap<string, string>, clock: Clock): Place {
  const headers = new Headers(options.headers);
  if (options.token !== undefined) headers.set("Authorization", `Bearer ${options.token}`);
  const send = options.fetch ?? fetch;
  const server: Server = {
    fetch: (...request) => send(...request),
    headers,
    clock,
    signal: options.signal,
    holding: new Set(),
  };
  return {
    location: base.href,
    isRemote: true,
    open: (name) =>
      openUrl(name, base.href + name.split("/").map(encodeURIComponent).join("/"), server, digests.get(name)),
    close: () => [...server.holding].forEach((file) => file.close()),
  };
}

function directoryPlace(root: FileSystemDirectoryHandle): Place {
  return {
    location: `the directory ${quote(root.name)}`,
    open: async (name) => {
      const parts = name.split("/");
      const file = parts.pop()!;
      try {
        let directory = root;
        for (const part of parts) directory = await directory.getDirectoryHandle(part);
        return bytesFromBlob(await (await directory.getFileHandle(file)).getFile());
      } catch (error) {
        if (error instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(error.name))
          return undefined;
        throw new CheckpointError(`${name}: could not be opened (${String(error)})`, { cause: error });
      }
    },
  };
}

/** Files in a list; those of a chosen directory go by their path below the folder that all of them share. */
function filesPlace(files: readonly File[]): Place {
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
function isFile(value: unknown): value is File {
  return value instanceof Object && "name" in value && "slice" in value && "arrayBuffer" in value;
}

function sha256Of(name: string, text: string): string {
  const [, base64] = /^sha256-([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  if (base64 === undefined) throw new TypeError(`integrity of ${name} must be "sha256-" and 44 characters of base64`);
  return base64;
}

/**
 * The whole of a small file.
 * @param limit the largest size accepted, in bytes
 * @throws CheckpointError when it is larger, is an HTML page or a Git LFS pointer, or fails its integrity check
 */
export async function readWhole(
  file: NamedSource,
  limit: number,
  signal?: AbortSignal,
  onProgress?: (loaded: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size, sha256 } = file;
  try {
    if (size > limit) throw new CheckpointError(`${name}: has ${size} bytes; at most ${limit} are expected`);
    const bytes = await readRange(file, 0, size, signal, (loaded) => onProgress?.(loaded, size));
    if (sha256 !== undefined) {
      const { startSha256 } = await import("./integrity.js"); // a fifth of what loads a tokenizer, and rarely asked for
      const digest = startSha256();
      digest.update(bytes);
      digest.check(name, sha256);
    }
    const kind = looksLike(bytes);
    if (kind !== undefined) throw new CheckpointError(`${name}: looks like ${kind}`);
    return bytes;
  } finally {
    file.close();
  }
}

/** No JSON file of a model is larger; tokenizer.json, the largest, has about 10 MB. */
const MAX_JSON = 64 << 20;

/**
 * A JSON file of the folder; undefined when there is none.
 * @throws CheckpointError when it is not JSON in UTF-8
 */
export async function readOptionalJson(
  folder: ModelFolder,
  name: string,
  signal?: AbortSignal,
  onProgress?: (loaded: number, total: number) => void,
): Promise<unknown> {
  const file = await folder.open(name);
  if (!file) return undefined;
  const bytes = await readWhole(file, MAX_JSON, signal, onProgress);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new CheckpointError(`${name}: is not JSON (${String(error)})`, { cause: error });
  }
}

/**
 * A JSON file that the folder must have.
 * @throws CheckpointError when it is missing or not JSON in UTF-8
 */
export async function readJson(folder: ModelFolder, name: string, signal?: AbortSignal): Promise<unknown> {
  const json = await readOptionalJson(folder, name, signal);
  if (json === undefined) throw new CheckpointError(`${name}: not found in ${folder.location}`);
  return json;
}
