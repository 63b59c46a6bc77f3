// Every case of golden/extraction in Chromium: what the Python libraries answer, with offsets, and the values between.
import { describe, expect, test } from "vitest";
import { checked, sharedDevice } from "../support/gpu.js";
import { runGliner } from "./extraction-gliner.js";

const read = async (path: string): Promise<Uint8Array | undefined> => {
  const response = await fetch(`/shared/golden/extraction/${path}`);
  const isPage = response.headers.get("content-type")?.startsWith("text/html");
  return response.ok && !isPage ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

const device = await sharedDevice();

const GLINER = [
  "gliner-span-v21",
  "gliner-span-saved",
  "gliner-marker-v1",
  "gliner-token",
  "gliner-unusual",
  "gliner-trained",
];

describe.skipIf(!__HAS_SHARED__).each(["host", "device"] as const)("GLiNER, LSTM on the %s", (lstm) => {
  test.each(GLINER)("%s answers as the library", async (name) => {
    const { cases, wrong, tensors, worst } = await checked(device, () => runGliner(read, name, lstm, device.gpu));
    console.log(`${name}: ${cases} cases, ${tensors} tensors, worst ${worst.toFixed(3)} of its tolerance`);
    expect(wrong).toEqual([]);
  });
});
