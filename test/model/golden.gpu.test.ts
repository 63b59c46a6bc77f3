// Every golden case that lies in a container the engine reads, within Transformers' float32 tolerance, in Chromium.
import { afterAll, describe, expect, test } from "vitest";
import { checked, sharedDevice } from "../support/gpu.js";
import { type GoldenCase, type GoldenResult, READABLE, runGoldenCase } from "./golden.js";

const base = "/shared/golden/models";

const read = async (path: string): Promise<Uint8Array | undefined> => {
  const response = await fetch(`${base}/${path}`);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

const cases: GoldenCase[] = __HAS_SHARED__
  ? ((await (await fetch(`${base}/index.json`)).json()) as { cases: GoldenCase[] }).cases
  : [];

const device = await sharedDevice();
const worst: (GoldenResult & { name: string })[] = [];

describe.skipIf(!__HAS_SHARED__)("golden models (needs the shared folder)", () => {
  for (const golden of cases.filter(({ files }) => READABLE.has(files))) {
    test(golden.name, async () => {
      const results = await checked(device, () => runGoldenCase(golden, read, device.gpu));
      expect(results.length).toBeGreaterThan(0);
      const [most] = [...results].sort((a, b) => b.share - a.share);
      worst.push({ ...most!, name: golden.name });
      const wrong = results
        .filter(({ share }) => !(share <= 1))
        .map(({ batch, what, share }) => `${batch} ${what}: ${share.toFixed(2)} of the tolerance`);
      expect(wrong).toEqual([]);
    });
  }

  afterAll(() => {
    const lines = worst.map(
      ({ name, batch, what, share }) => `${name}: ${(100 * share).toFixed(1)} % of the tolerance (${batch} ${what})`,
    );
    console.log(`Largest error of each golden case\n${lines.join("\n")}`);
  });
});
