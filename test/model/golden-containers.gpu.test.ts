// Every golden case once more with its weights in each other container, on the engine's own device: `npm run test:long`.
import { describe, expect, test } from "vitest";
import { bytesFromMemory, namedSource, readRange, type Folder } from "../../src/checkpoint/byte-source.js";
import { CONTAINERS, inContainer } from "../support/containers.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { type GoldenCase, runGoldenCase } from "./golden.js";

const device = await sharedDevice();

async function read(path: string): Promise<Uint8Array | undefined> {
  const response = await fetch(path);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

/** In the short run one case. */
const SHORT = "embed-proj";
const BASES = ["/fixtures/model-cases/", ...(__LONG__ && __HAS_SHARED__ ? ["/shared/golden/models/"] : [])];
const cases: { golden: GoldenCase; base: string }[] = [];
for (const base of BASES) {
  const index = new TextDecoder().decode(await read(`${base}index.json`));
  for (const golden of (JSON.parse(index) as { cases: GoldenCase[] }).cases)
    if (__LONG__ || golden.name === SHORT) cases.push({ golden, base });
}

describe.each(CONTAINERS)("golden models, %s", (container) => {
  for (const { golden, base } of cases)
    test(golden.name, async (context) => {
      const folder: Folder = {
        open: async (name) => {
          const bytes = await read(`${base}${golden.name}/${name}`);
          return bytes && bytesFromMemory(bytes);
        },
      };
      const converted = await inContainer(folder, container);
      if (!converted) return context.skip("TensorFlow's twins have no such weights");
      const fromThere = async (path: string): Promise<Uint8Array | undefined> => {
        const name = path.slice(golden.name.length + 1);
        const file = await converted.open(name);
        return file && readRange(namedSource(name, file), 0, file.size);
      };
      const results = await checked(device, () => runGoldenCase(golden, fromThere, device.gpu));
      expect(results.filter(({ share }) => !(share <= 1))).toEqual([]);
      expect(results.length).toBeGreaterThan(0);
    });
});
