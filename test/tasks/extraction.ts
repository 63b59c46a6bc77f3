// The cases of golden/extraction: what the libraries answer to a folder's stored questions. Knows neither Vitest nor where files
// come from, so that Chromium and Deno run the same cases.
import { bytesFromMemory, type Folder } from "../../src/checkpoint/byte-source.js";
import { parseSafetensors, type StoredTensor } from "../support/safetensors.js";

export interface ExtractionCase {
  readonly name: string;
  readonly texts: string | readonly string[];
  readonly labels: unknown;
  readonly schema: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly words?: unknown;
  readonly output: unknown;
  /** Names of the stored values between. */
  readonly tensors?: readonly string[];
  readonly [field: string]: unknown;
}

export interface ExtractionFolder {
  readonly kind: string;
  readonly tolerance32: number;
  readonly backbone?: { readonly folder: string };
  readonly tensors?: Readonly<Record<string, { readonly tolerance32: number }>>;
  readonly cases: readonly ExtractionCase[];
}

/** What came of a model's cases. */
export interface Verdict {
  readonly wrong: readonly string[];
  readonly cases?: number;
  /** Values between input and answer that were compared. */
  readonly tensors?: number;
  /** Largest share of a tolerance among these. */
  readonly worst?: number;
}

/** A model with its cases. */
export interface RunnableModel {
  readonly name: string;
  run(device?: GPUDevice): Promise<Verdict>;
}

export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

/** A folder of the fixtures as a source. */
export function sourceOf(read: ReadFile, name: string): Folder {
  return {
    open: async (file: string) => {
      const bytes = await read(`${name}/${file}`);
      return bytes && bytesFromMemory(bytes);
    },
  };
}

export async function openFixture(read: ReadFile, name: string) {
  const data = JSON.parse(new TextDecoder().decode(await read(`${name}/cases.json`))) as ExtractionFolder;
  const stored = await read(`${name}/expected.safetensors`);
  const expected: ReadonlyMap<string, StoredTensor> = stored ? parseSafetensors(stored) : new Map();
  const options = {
    dtype: "f32" as const,
    ...(data.backbone ? { baseModel: sourceOf(read, data.backbone.folder) } : {}),
  };
  return { data, expected, options, source: sourceOf(read, name) };
}

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Options in this package's spelling. */
export function camelCased(options: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  // batch_size is how Python cuts a list; here a list is packed.
  const own = Object.entries(options).filter(([name]) => name !== "batch_size");
  return Object.fromEntries(own.map(([name, value]) => [camelCase(name), value]));
}

/**
 * Where two answers differ: numbers with decimals by more than the tolerance, all else at all. Names in `renamed` are spelled
 * differently here.
 */
export function differences(
  got: unknown,
  wanted: unknown,
  tolerance: number,
  path = "",
  renamed: Readonly<Record<string, string>> = {},
): string[] {
  if (typeof wanted === "number" && typeof got === "number") {
    const whole = /(?:start|end|index)$/.test(path);
    return (whole ? got === wanted : Math.abs(got - wanted) <= tolerance) ? [] : [`${path}: ${got}, not ${wanted}`];
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got) || got.length !== wanted.length)
      return [`${path}: ${JSON.stringify(got).slice(0, 300)}, not ${JSON.stringify(wanted).slice(0, 300)}`];
    return wanted.flatMap((value, at) => differences(got[at], value, tolerance, `${path}[${at}]`, renamed));
  }
  if (typeof wanted === "object" && wanted !== null) {
    const [a, b] = [got as Record<string, unknown> | null | undefined, wanted as Record<string, unknown>];
    const names = Object.keys(b).map((name) => [name, renamed[name] ?? name] as const);
    if (typeof a !== "object" || a === null || Object.keys(a).length !== names.length)
      return [`${path}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`];
    return names.flatMap(([name, own]) => differences(a[own], b[name], tolerance, `${path}.${name}`, renamed));
  }
  return got === wanted ? [] : [`${path}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`];
}
