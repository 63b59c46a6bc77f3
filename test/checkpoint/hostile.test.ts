// Files that must be refused with a named error, and odd ones that must load: the table in ../shared/hostile, read from
// memory. In a clone without that folder, safetensors.test.ts holds a few of each kind.
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { openFolder, type ModelFolder } from "../../src/checkpoint/folder.js";
import { openWeights, readIndex } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";

interface Entry {
  readonly file: string;
  readonly format: string;
  readonly expect: "reject" | "load" | "either";
  readonly errors?: string[];
  readonly also_ok?: string[];
  readonly mention?: string[];
  readonly probe_ms?: number;
  readonly tensors?: object;
  readonly shards?: string[];
}

const { SHARED } = process.env;
const entries = SHARED
  ? (JSON.parse(readFileSync(`${SHARED}/hostile/manifest.json`, "utf8")) as { entries: Entry[] }).entries
  : [];
const bytesOf = (entry: Entry): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(`${SHARED!}/hostile/${entry.file}`));
const of = (...formats: string[]): Entry[] => entries.filter(({ format }) => formats.includes(format));

const fileNamed = (name: string, bytes: Uint8Array<ArrayBuffer>): File => new File([bytes], name);

/** What the entry asks of a load that may fail. */
async function judge(entry: Entry, load: () => Promise<void>): Promise<void> {
  const start = performance.now();
  const error: unknown = await load().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(performance.now() - start).toBeLessThan(entry.probe_ms ?? 2000);
  if (error === undefined) {
    expect(entry.expect, "it loaded").not.toBe("reject");
    return;
  }
  expect(error).toSatisfy((reason) => reason instanceof CheckpointError || reason instanceof UnsupportedError);
  const { name, message } = error as Error;
  const allowed = entry.expect === "load" ? (entry.also_ok ?? []) : entry.errors;
  expect(allowed, message).toContain(name);
  for (const text of entry.mention ?? []) expect(message).toContain(text);
}

/** Every tensor by name, as the manifest lists them: long lists by the hash of Python's json.dumps(…, sort_keys=True). */
async function contents(folder: ModelFolder): Promise<object> {
  const table = await openWeights(folder);
  const hashes = new Map([...table.keys()].map((name) => [name, createHash("sha256")]));
  for await (const { entry, bytes } of stream([...table.values()], folder)) hashes.get(entry.name)!.update(bytes);
  const listed = [...table.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, dtype, shape }) => [name, { dtype, sha256: hashes.get(name)!.digest("hex"), shape }] as const);
  const listing = `{${listed.map(([name, { dtype, sha256, shape }]) => `"${name}": {"dtype": "${dtype}", "sha256": "${sha256}", "shape": [${shape.join(", ")}]}`).join(", ")}}`;
  if (listing.length <= 20_000) return Object.fromEntries(listed);
  return { count: table.size, sha256_of_listing: createHash("sha256").update(listing).digest("hex") };
}

interface H5Tensor {
  readonly shape: number[];
  readonly sha256_f32: string;
}

/** The values of a tensor's bytes. */
function asFloats(dtype: string, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (dtype === "F64") return Float32Array.from(new Float64Array(bytes.buffer));
  if (dtype === "F32") return new Float32Array(bytes.buffer);
  expect(dtype).toBe("F16");
  return Float32Array.from(new Uint16Array(bytes.buffer), (bits) => {
    const size =
      ((bits >> 10) & 31) === 0 ? (bits & 1023) * 2 ** -24 : (1024 + (bits & 1023)) * 2 ** (((bits >> 10) & 31) - 25);
    return bits & 0x8000 ? -size : size;
  });
}

const prototypeKeys = (): PropertyKey[] =>
  [Object.prototype, Array.prototype, Function.prototype].flatMap((prototype) => Reflect.ownKeys(prototype));

describe.skipIf(!SHARED)("hostile files (in ../shared, absent from a plain clone)", () => {
  let before: PropertyKey[];
  beforeAll(() => {
    before = prototypeKeys();
    return () => expect(prototypeKeys()).toEqual(before);
  });

  test.each(of("safetensors"))("$file: $expect", async (entry) => {
    const folder = await openFolder([fileNamed("model.safetensors", bytesOf(entry))]);
    await judge(entry, async () => {
      expect(await contents(folder)).toEqual(entry.tensors);
    });
  });

  /** The manifest's spellings of element types. */
  const TORCH = { F32: "float32", F16: "float16", BF16: "bfloat16", F64: "float64", I64: "int64" } as Record<
    string,
    string
  >;

  test.each(of("torch-zip", "torch-legacy"))("$file: $expect", async (entry) => {
    const folder = await openFolder([fileNamed("pytorch_model.bin", bytesOf(entry))]);
    await judge(entry, async () => {
      const tensors = (await contents(folder)) as Record<string, { dtype: string }>;
      for (const tensor of Object.values(tensors)) tensor.dtype = TORCH[tensor.dtype] ?? tensor.dtype;
      if (entry.tensors) expect(tensors).toEqual(entry.tensors);
    });
  });

  test.each(of("h5"))("$file: $expect", async (entry) => {
    const folder = await openFolder([fileNamed("tf_model.h5", bytesOf(entry))]);
    await judge(entry, async () => {
      const table = await openWeights(folder);
      const values = new Map<string, number[]>();
      for await (const { entry: tensor, bytes } of stream([...table.values()], folder))
        values.set(tensor.name, [...(values.get(tensor.name) ?? []), ...bytes]);
      for (const [path, { shape, sha256_f32: sha256 }] of Object.entries(entry.tensors ?? {}) as [string, H5Tensor][]) {
        const name = path.slice(1);
        expect(table.get(name)?.shape, name).toEqual(shape);
        const floats = asFloats(table.get(name)!.dtype, Uint8Array.from(values.get(name) ?? []));
        expect(createHash("sha256").update(new Uint8Array(floats.buffer)).digest("hex")).toBe(sha256);
      }
    });
  });

  test.each(of("index"))("$file: $expect", async (entry) => {
    const index = "model.safetensors.index.json";
    const base = "https://models.example/org/repo/resolve/0123456789abcdef/";
    const text = new TextDecoder().decode(bytesOf(entry));
    const requests: string[] = [];
    const fetch = (input: RequestInfo | URL): Promise<Response> => {
      const { url } = new Request(input);
      requests.push(url.replace(base, ""));
      return Promise.resolve(url === base + index ? new Response(text) : new Response("no", { status: 404 }));
    };
    // No shard is there, so that reading always ends in an error; what was asked for tells how far it came.
    const error: unknown = await openWeights(base, { fetch, token: "secret" }).catch((reason: unknown) => reason);
    expect(error).toSatisfy((reason) => reason instanceof CheckpointError || reason instanceof UnsupportedError);
    // A page in the index's place is a server's answer for a missing file: other containers are then looked for.
    const known = ["config.json", "model.safetensors", index, "tf_model.h5", "tf_model.h5.index.json"];
    const others = [...known, "pytorch_model.bin", "pytorch_model.bin.index.json"];
    const shards = requests.filter((name) => !(text.startsWith("<") ? others : known).includes(name));
    if (entry.expect === "load") {
      expect(readIndex(index, JSON.parse(text)).shards.sort()).toEqual([...entry.shards!].sort());
      expect(requests).toContain(entry.shards![0]);
      return;
    }
    for (const mention of entry.mention ?? []) expect((error as Error).message).toContain(mention);
    expect(shards.filter((name) => entry.expect === "reject" || name.includes("://"))).toEqual([]);
  });

  const NAMES = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "tf_model.h5"];
  test.each(of("any").flatMap((entry) => NAMES.map((name) => ({ ...entry, name }))))(
    "$file as $name: refused by its name",
    async (entry) => {
      const folder = await openFolder([fileNamed(entry.name, bytesOf(entry))]);
      await judge({ ...entry, mention: [entry.name] }, async () => {
        await openWeights(folder);
      });
    },
  );
});
