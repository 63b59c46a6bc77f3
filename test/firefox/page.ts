// The cases of other tests as a page of any browser runs them, without Vitest: kernels, golden models, bundled models, the
// worker. tools/firefox.mjs opens the page, asks for one group after another and prints what failed.
import { pipeline } from "../../src/index.js";
import { createWorker } from "../../src/worker.js";
import { KERNEL_CASES } from "../../src/self-test/cases.js";
import { type GoldenCase, runGoldenCase } from "../model/golden.js";
import { runCase } from "../support/cases.js";
import type { DenoTest } from "../support/deno.js";
import { capabilitySets, checked, sharedDevice } from "../support/gpu.js";
import { BUNDLED_MODELS } from "../tasks/bundled-models.js";
import { cacheTests } from "./cache.js";

declare const __LONG__: boolean;
declare const __HAS_SHARED__: boolean;

export interface GroupResult {
  readonly passed: number;
  /** A line for each failure. */
  readonly failed: readonly string[];
}

/** In the short form every sixteenth case of each kernel: the first and those after it. */
const SHORT = 16;

async function kernels(): Promise<DenoTest[]> {
  const sets = await capabilitySets();
  return sets.flatMap(({ name: set, device }) =>
    Object.entries(KERNEL_CASES).flatMap(([group, cases]) =>
      cases
        .filter((_, i) => __LONG__ || i % SHORT === 0)
        .map((one) => ({ name: `${set} > ${group} > ${one.name}`, run: () => runCase(device, one) })),
    ),
  );
}

async function golden(): Promise<DenoTest[]> {
  const device = await sharedDevice();
  const bases = ["/fixtures/model-cases", ...(__HAS_SHARED__ && __LONG__ ? ["/shared/golden/models"] : [])];
  const tests = bases.map(async (base) => {
    const read = async (path: string): Promise<Uint8Array | undefined> => {
      const response = await fetch(`${base}/${path}`);
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
    };
    const { cases } = JSON.parse(new TextDecoder().decode(await read("index.json"))) as { cases: GoldenCase[] };
    return cases.map((one) => ({
      name: one.name,
      run: async () => {
        const results = await checked(device, () => runGoldenCase(one, read, device.gpu));
        const wrong = results.filter(({ share }) => !(share <= 1));
        if (results.length === 0) throw new Error("nothing was compared");
        if (wrong.length > 0)
          throw new Error(wrong.map(({ batch, what, share }) => `${batch} ${what}: ${share.toFixed(2)}`).join(", "));
      },
    }));
  });
  return (await Promise.all(tests)).flat();
}

/** In the short form one model that reads a sequence and one that reads tokens. */
const SHORT_TASKS = ["tiny-intent", "redact"];

function tasks(): DenoTest[] {
  const all = Object.entries(BUNDLED_MODELS).filter(([name]) => __LONG__ || SHORT_TASKS.includes(name));
  return all.map(([name, run]) => ({ name, run }));
}

function worker(): DenoTest[] {
  const texts = ["wake me up at half past six tomorrow", "tell me a joke"];
  return [
    {
      name: "a task in a worker answers as it does in the page",
      run: async () => {
        const started = createWorker();
        const remote = await started.pipeline("text-classification", "/models/tiny-intent/");
        const local = await pipeline("text-classification", "/models/tiny-intent/");
        const [there, here] = [JSON.stringify(await remote(texts)), JSON.stringify(await local(texts))];
        await local.dispose();
        started.terminate();
        if (there !== here) throw new Error(`${there}, in the page ${here}`);
      },
    },
  ];
}

const GROUPS: Readonly<Record<string, () => DenoTest[] | Promise<DenoTest[]>>> = {
  kernels,
  golden,
  tasks,
  worker,
  cache: cacheTests,
};

async function runGroup(group: string): Promise<GroupResult> {
  const failed: string[] = [];
  let passed = 0;
  for (const { name, run } of await GROUPS[group]!()) {
    try {
      await run();
      passed++;
    } catch (error) {
      failed.push(`${name}: ${String(error)}`);
    }
  }
  return { passed, failed };
}

Object.assign(globalThis, { runGroup });
