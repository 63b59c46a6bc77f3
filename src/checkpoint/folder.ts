// An opened source: files by name, each opened once. Names that come out of files are names, never addresses: they are
// checked here.
import { CheckpointError, quote } from "../errors.js";
import { asOurs, namedSource, opensAs, type Folder, type NamedSource } from "./byte-source.js";
import { remembering } from "./remembering.js";
import { below, placeOf } from "./place.js";
import { ProgressReporter } from "./progress.js";
import { systemClock, type Clock } from "./retry.js";
import { abortable } from "./signals.js";
import type { Source, SourceOptions } from "./source.js";

/** An opened source. Each file is opened once, however often it is asked for. */
export interface ModelFolder extends Folder {
  /** Where the files are, for messages; without credentials. */
  readonly location: string;
  /** Whether files come over a network, where bytes cost time. */
  readonly isRemote: boolean;
  /** What is told while its files arrive. */
  readonly progress: ProgressReporter;
  /**
   * The file, or undefined when the folder has none of that name.
   * @throws CheckpointError when the name leaves the folder or the file cannot be had
   */
  open(name: string): Promise<NamedSource | undefined>;
  /** The error for a file that must be there and is not. */
  missing(name: string): CheckpointError;
  /** Told why a load failed: a file that is damaged, or not the one that was promised, is not kept for the next load. */
  refuse(reason: unknown): void;
  /** Lets go of every open download. Files stay readable. */
  close(): void;
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
  const { signal, subfolder, onProgress, integrity } = options;
  if (typeof source === "object" && OPENED.has(source)) {
    (source as ModelFolder).progress.listen(onProgress);
    return source as ModelFolder;
  }
  if (subfolder !== undefined && !isFileName(subfolder))
    throw new TypeError(`subfolder ${quote(subfolder)} is not the name of a folder`);
  const digests = new Map(Object.entries(integrity ?? {}).map(([name, text]) => [name, sha256Of(name, text)]));
  const progress = new ProgressReporter();
  progress.listen(onProgress);
  const whole = placeOf(source, { options, clock, progress });
  const place = subfolder === undefined ? whole : below(whole, subfolder);
  const opened = new Map<string, Promise<NamedSource | undefined>>();

  const open = async (name: string): Promise<NamedSource | undefined> => {
    signal?.throwIfAborted();
    const file = await abortable(place.open(name), signal).catch((error: unknown) => {
      throw asOurs(name, error, signal);
    });
    if (!file) return undefined;
    const sha256 = digests.get(name);
    if (integrity && sha256 === undefined) {
      const advice = "add it to the table, which `hashesOf` makes, or take the file away";
      throw new CheckpointError(`${name}: integrity does not name this file, so it is refused; ${advice}`, {
        reason: "mismatch",
      });
    }
    const named = opensAs(name, "forwardOnly" in file ? file : namedSource(name, file), sha256);
    return sha256 === undefined ? named : remembering(named);
  };
  const folder: ModelFolder = {
    location: place.location,
    isRemote: place.isRemote ?? false,
    progress,
    open: (name) => {
      if (!isFileName(name)) return Promise.reject(new CheckpointError(`${quote(name)} is not a name of a file`));
      const file = opened.get(name) ?? open(name);
      opened.set(name, file);
      file.catch(() => opened.delete(name)); // a failure may pass: the next call tries again
      return file;
    },
    missing: (name) => {
      const cause = place.whyMissing?.(name);
      if (cause && cause.reason !== "absent") return cause;
      const page = cause?.status === 200 ? "; the server answers missing files with an HTML page" : "";
      const { status } = cause ?? {};
      return new CheckpointError(`${name}: not found in ${place.location}${page}`, {
        cause,
        file: name,
        reason: "absent",
        status,
      });
    },
    refuse: (reason) => {
      if (!(reason instanceof CheckpointError) || !["damaged", "mismatch"].includes(reason.reason)) return;
      const { file } = reason;
      const isMeant = (name: string): boolean => [undefined, name, `${subfolder ?? "."}/${name}`].includes(file);
      for (const name of opened.keys()) if (isMeant(name)) place.refuse?.(name);
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

function sha256Of(name: string, text: string): string {
  const [, base64] = /^sha256-([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  if (base64 === undefined) throw new TypeError(`integrity of ${name} must be "sha256-" and 44 characters of base64`);
  return base64;
}
