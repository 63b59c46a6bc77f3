// A repository of the Hugging Face hub: one request lists its files with their sizes, and names the commit that all of them are
// then taken from, so that a push in the middle of a load mixes nothing and no missing file is asked for.
import { fieldOf, isObject } from "../json.js";
import type { Server } from "./http.js";
import { abortable } from "./signals.js";

/** A listing that takes longer is done without. */
const PATIENCE = 10_000;
const MAX_FILES = 10_000;

/** The files of a repository at one commit. */
export interface Listing {
  /** 40 hexadecimal digits. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, ListedFile>;
}

/** A file of a listing. */
export interface ListedFile {
  /** Bytes. */
  readonly size: number | undefined;
  /** In hexadecimal, of those that the hub keeps apart (large ones). */
  readonly sha256: string | undefined;
  /** Names its bytes: the same in every commit that has them. */
  readonly oid: string | undefined;
}

/** Asks for the listing of a repository, `api` being its address in the hub's API; undefined where it cannot be had, for then files are tried by their names. */
export async function readListing(api: string, revision: string, server: Server): Promise<Listing | undefined> {
  const { clock, signal } = server;
  const control = new AbortController();
  const headers = new Headers(server.headers);
  headers.set("Accept", "application/json");
  const url = `${api}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const read = async (): Promise<unknown> => {
    const response = await server.fetch(url, { headers, signal: control.signal });
    return response.ok ? response.json() : undefined;
  };
  try {
    return listingOf(await abortable(Promise.race([read(), clock.wait(PATIENCE, control.signal)]), signal));
  } catch {
    signal?.throwIfAborted();
    return undefined;
  } finally {
    control.abort();
  }
}

function listingOf(json: unknown): Listing | undefined {
  if (!isObject(json)) return undefined;
  const commit = fieldOf(json, "sha");
  const siblings = fieldOf(json, "siblings");
  if (typeof commit !== "string" || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
  if (!Array.isArray(siblings) || siblings.length > MAX_FILES) return undefined;
  const files = new Map<string, ListedFile>();
  for (const file of siblings as unknown[]) {
    const path = isObject(file) ? fieldOf(file, "rfilename") : undefined;
    if (!isObject(file) || typeof path !== "string") return undefined;
    const lfs = fieldOf(file, "lfs");
    const large = isObject(lfs) ? lfs : {};
    const size = fieldOf(large, "size") ?? fieldOf(file, "size");
    const digest = fieldOf(large, "sha256");
    const sha256 = typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
    const blob = fieldOf(file, "blobId");
    files.set(path, {
      size: Number.isSafeInteger(size) && (size as number) >= 0 ? (size as number) : undefined,
      sha256,
      oid: sha256 ?? (typeof blob === "string" && /^[0-9a-f]{40}$/.test(blob) ? blob : undefined),
    });
  }
  return { commit, files };
}
