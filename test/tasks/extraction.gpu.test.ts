// Every case of golden/extraction in Chromium: what the Python libraries answer, with offsets, and the values between.
import { describe, expect, test } from "vitest";
import { checked, sharedDevice } from "../support/gpu.js";
import { runGliner } from "./extraction-gliner.js";
import { runGliner2, runGliner2Entities } from "./extraction-gliner2.js";
import { runGliclass, runNvidia, runRerank, runSentences } from "./extraction-others.js";

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

describe.skipIf(!__HAS_SHARED__).each(["gliner2-lstm", "gliner2-v2"])("GLiNER2, %s", (name) => {
  test.each([
    ["structures", runGliner2],
    ["flat entities", runGliner2Entities],
  ])("%s as the library gives them", async (_, run) => {
    const { cases, wrong, tensors, worst } = await checked(device, () => run(read, name, device.gpu));
    console.log(`${name}: ${cases} cases, ${tensors} tensors, worst ${worst.toFixed(3)} of its tolerance`);
    expect(cases).toBeGreaterThan(8);
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(!__HAS_SHARED__)("GLiClass", () => {
  test.each([
    ["gliclass-small", "device"],
    ["gliclass-other", "device"],
    ["gliclass-other", "host"],
  ] as const)("%s, LSTM on the %s", async (name, lstm) => {
    const { cases, wrong, tensors, worst } = await checked(device, () => runGliclass(read, name, lstm, device.gpu));
    console.log(`${name}: ${cases} cases, ${tensors} tensors, worst ${worst.toFixed(3)} of its tolerance`);
    expect(wrong).toEqual([]);
  });
});

describe.skipIf(!__HAS_SHARED__)("through the other tasks", () => {
  test.each(["rerank-1", "reward-1"])("%s: scores and order of CrossEncoder", async (name) => {
    expect(await checked(device, () => runRerank(read, name, device.gpu))).toEqual([]);
  });

  test.each(["nvidia-first", "nvidia-heads"])("%s: logits and answers of NVIDIA's classifiers", async (name) => {
    expect(await checked(device, () => runNvidia(read, name, device.gpu))).toEqual([]);
  });

  test.each(["sentences-mean", "sentences-dense"])("%s: vectors of sentence-transformers", async (name) => {
    expect(await checked(device, () => runSentences(read, name, device.gpu))).toEqual([]);
  });
});
