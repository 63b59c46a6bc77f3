// Small files as a whole: checked for size, for what they look like, and against their promised hash.
import { CheckpointError } from "../errors.js";
import { parseJson } from "../json.js";
import { lazily } from "../lazy.js";
import { readRange, type NamedSource } from "./byte-source.js";
import type { ModelFolder } from "./folder.js";
import { looksLike } from "./look-alike.js";

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
      const { startSha256 } = await lazily(() => import("./integrity.js")); // a fifth of what loads a tokenizer, and rarely asked for
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
  return file && parseJson(name, await readWhole(file, MAX_JSON, signal, onProgress));
}

/**
 * A JSON file that the folder must have.
 * @throws CheckpointError when it is missing or not JSON in UTF-8
 */
export async function readJson(folder: ModelFolder, name: string, signal?: AbortSignal): Promise<unknown> {
  return parseJson(name, await readWhole(await openPresent(folder, name), MAX_JSON, signal));
}

/** A file that must be there. @throws CheckpointError, "absent" when it is not */
export async function openPresent(folder: ModelFolder, name: string): Promise<NamedSource> {
  const file = await folder.open(name);
  if (!file) throw folder.missing(name);
  return file;
}
