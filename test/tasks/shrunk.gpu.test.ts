// Extraction models whose weights were shrunk load as they are, heads and LSTMs too, and answer what they answered within the rounding.
import { describe, expect, test } from "vitest";
import { shrinkWeights, type ShrinkOptions } from "../../src/checkpoint/shrink.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { type ExtractionFolder, type ReadFile, sourceOf } from "./extraction.js";
import { goldenModels } from "./extraction-golden.js";

const device = await sharedDevice();

const original: ReadFile = async (path) => {
  const response = await fetch(`/shared/golden/extraction/${path}`);
  const isPage = response.headers.get("content-type")?.startsWith("text/html");
  return response.ok && !isPage ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

/** The folders with shrunk weights; `tolerance`: of scores, and of values between as a share of the largest. */
function shrunk(options: ShrinkOptions, tolerance: number): ReadFile {
  const made = new Map<string, Promise<Uint8Array>>();
  const weightsOf = (folder: string): Promise<Uint8Array> => {
    const weights = made.get(folder) ?? shrink(sourceOf(original, folder), options);
    made.set(folder, weights);
    return weights;
  };
  return async (path) => {
    const [folder, file] = [path.slice(0, path.indexOf("/")), path.slice(path.indexOf("/") + 1)];
    if (file === "pytorch_model.bin") return undefined;
    const isOwn = file === "model.safetensors" && !folder.startsWith("backbone");
    if (isOwn) return weightsOf(folder);
    const bytes = await original(path);
    if (file !== "cases.json") return bytes;
    const data = JSON.parse(new TextDecoder().decode(bytes)) as ExtractionFolder & {
      readonly tensors?: Readonly<Record<string, { readonly max: number }>>;
    };
    const tensors = Object.entries(data.tensors ?? {}).map(([name, { max }]) => [
      name,
      { tolerance32: tolerance * max },
    ]);
    const loose = { ...data, tolerance32: tolerance, tensors: Object.fromEntries(tensors) as object };
    return new TextEncoder().encode(JSON.stringify(loose));
  };
}

async function shrink(source: Parameters<typeof shrinkWeights>[0], options: ShrinkOptions): Promise<Uint8Array> {
  const parts: { readonly position: number; readonly bytes: Uint8Array }[] = [];
  const write = (position: number, bytes: Uint8Array) => void parts.push({ position, bytes: bytes.slice() });
  await shrinkWeights(source, { write }, options);
  const file = new Uint8Array(Math.max(...parts.map(({ position, bytes }) => position + bytes.length)));
  for (const { position, bytes } of parts) file.set(bytes, position);
  return file;
}

// Each type as an array of what is asked for and the tolerance; the short run takes one or two of each library, in 8 bits.
const TYPES = [
  ["q8", { dtype: "q8" }, 0.2],
  ...(__LONG__
    ? ([
        ["f16", { dtype: "f16", wordTable: "f16" }, 0.02],
        ["q4", { dtype: "q4" }, 1],
      ] as const)
    : []),
] as const;

describe.skipIf(!__HAS_SHARED__).each(TYPES)("%s (needs the shared folder)", (_, options, tolerance) => {
  const models = goldenModels(shrunk(options, tolerance)).filter((_model, i) => __LONG__ || i % 6 === 0);
  test.each(models)("$name", async (model) => {
    const { wrong, worst = 0 } = await checked(device, () => model.run(device.gpu));
    // The weights are random: an answer here and there is a close call, even in halves.
    if (options.dtype === "f16") expect(wrong.length).toBeLessThan(5);
    expect(worst).toBeLessThan(1);
  });
});
