// Every golden case, in whatever container it lies, within Transformers' float32 tolerance, in Chromium: on the device
// that the engine asks for, on one without subgroups, and on one with the specification's default limits.
import { afterAll, describe, expect, test } from "vitest";
import { capabilitySets, checked, sharedDevice } from "../support/gpu.js";
import { type GoldenCase, type GoldenResult, type GoldenType, runGoldenCase } from "./golden.js";

const reader =
  (base: string) =>
  async (path: string): Promise<Uint8Array | undefined> => {
    const response = await fetch(`${base}/${path}`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  };

/** The cases of a folder with an index.json. */
async function casesOf(base: string) {
  const read = reader(base);
  const index = new TextDecoder().decode(await read("index.json"));
  const { cases } = JSON.parse(index) as { cases: GoldenCase[] };
  return cases.map((golden) => ({ golden, read }));
}

// One case lies with the tests, so that a clone without the shared folder compares something.
const cases = [
  ...(await casesOf("/fixtures/model-cases")),
  ...(__HAS_SHARED__ ? await casesOf("/shared/golden/models") : []),
];

const sets = await capabilitySets();
const named = (start: string) => sets.find(({ name }) => name.startsWith(start))!.device;
const devices = [
  ["the engine's own device", await sharedDevice()],
  ["no subgroups", named("no subgroups")],
  ["default limits", named("default limits")],
] as const;

const TYPES: readonly GoldenType[] = ["f32", "f16", "q8"];

/**
 * The short run: the engine's own device takes every case in f32, each of the others, and each smaller type on each device, a share of
 * them. The long one takes all.
 */
const SHARES: Readonly<Record<GoldenType, number>> = { f32: 8, f16: 30, q8: 30 };
function casesFor(type: GoldenType, device: number) {
  const share = SHARES[type];
  const all = __LONG__ || (type === "f32" && device === 0) || cases.length < share;
  return all ? cases : cases.filter((_, i) => i % share === device + (type === "q8" ? devices.length : 0));
}

describe.each(TYPES.flatMap((type) => devices.map(([set, device], index) => [set, type, device, index] as const)))(
  "golden models, %s, %s",
  (set, type, device, index) => {
    const worst: (GoldenResult & { name: string })[] = [];
    for (const { golden, read } of casesFor(type, index)) {
      test(golden.name, async () => {
        const results = await checked(device, () => runGoldenCase(golden, read, device.gpu, type));
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
      console.log(`Largest error of each golden case, ${set}, ${type}\n${lines.join("\n")}`);
    });
  },
);
