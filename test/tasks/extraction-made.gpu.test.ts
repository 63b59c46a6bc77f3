// Extraction models that lie in the repository: every kind with the inputs that hurt, GLiNERs of random configs, and what the libraries
// themselves answer. The short run takes a few of the random ones, and where golden/extraction is at hand, of the kinds those that it lacks.
import { describe, expect, test } from "vitest";
import { checked, sharedDevice } from "../support/gpu.js";
import { madeModels } from "./extraction-made.js";

const read = async (path: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`/fixtures/${path}`)).arrayBuffer());

const device = await sharedDevice();
const kinds = await madeModels(read, "kinds");
const random = await madeModels(read, "gliner-random");
const library = await madeModels(read, "library");
const NOT_GOLDEN = ["gliner2-count_lstm_moe", "gliclass-mlp", "gliclass-simple"];

describe.each([
  ["every kind", kinds.filter(({ name }) => __LONG__ || !__HAS_SHARED__ || NOT_GOLDEN.includes(name))],
  ["libraries", library],
  ["random configs", random.filter((_, index) => __LONG__ || index % 25 === 0)],
] as const)("%s", (_, models) => {
  test.each(models)("$name answers as Python", async (model) => {
    const { wrong } = await checked(device, () => model.run(device.gpu));
    expect(wrong).toEqual([]);
  });
});
