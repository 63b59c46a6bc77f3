// Every case of golden/extraction in Chromium: what the Python libraries answer, with offsets, and the values between.
import { describe, expect, test } from "vitest";
import { checked, sharedDevice } from "../support/gpu.js";
import { goldenModels } from "./extraction-golden.js";

const read = async (path: string): Promise<Uint8Array | undefined> => {
  const response = await fetch(`/shared/golden/extraction/${path}`);
  const isPage = response.headers.get("content-type")?.startsWith("text/html");
  return response.ok && !isPage ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

const device = await sharedDevice();

/** Of the models with an LSTM, which run with it on either side, the short run has these on the host. */
const HOST = ["gliner-span-v21, LSTM on the host", "gliclass-other, LSTM on the host"];
const models = goldenModels(read).filter(({ name }) => __LONG__ || !name.endsWith("host") || HOST.includes(name));

describe.skipIf(!__HAS_SHARED__)("the libraries' answers (needs the shared folder)", () => {
  test.each(models)("$name", async (model) => {
    const { cases, wrong, tensors, worst } = await checked(device, () => model.run(device.gpu));
    if (cases)
      console.log(`${model.name}: ${cases} cases, ${tensors} tensors, worst ${worst?.toFixed(3)} of tolerance`);
    expect(cases).not.toBe(0);
    expect(wrong).toEqual([]);
  });
});
