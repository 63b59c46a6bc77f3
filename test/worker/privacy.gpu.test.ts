// Who serves a model learns nothing of a text: whatever is typed, in the page or through the worker, with and without the cache, the
// requests are the same.
import { afterAll, beforeAll, expect, test } from "vitest";
import { deleteCachedModel, type LoadOptions, pipeline } from "../../src/index.js";
import { pipeline as remotePipeline } from "../../src/worker.js";
import { rangedFetch } from "../support/ranged-server.js";
import { largeModel, TABLE_BYTES, VOCABULARY } from "./large-model.js";

const TASK = "text-classification";
/** Rows at the beginning of the table, all over it, and near its end. */
const ALL_TEXTS = ["a", "the dominance of zucchini, december and xylophone", "routine"];
/** In the short run two of them, in the page. */
const TEXTS = ALL_TEXTS.slice(0, __LONG__ ? 3 : 2);

type Classify = ((text: string) => Promise<unknown>) & {
  readonly model: { memory(): { hostBytes: number } | Promise<{ hostBytes: number }> };
  dispose(): void | Promise<void>;
};
interface Place {
  readonly load: (source: string, options: LoadOptions) => Promise<Classify>;
  /** What was asked for since the last call. */
  readonly asked: () => string[];
}

let files: Map<string, Uint8Array<ArrayBuffer>>;
beforeAll(async () => {
  const response = await fetch(VOCABULARY);
  files = largeModel(new Uint8Array(await response.arrayBuffer()));
});

const requests: string[] = [];
const taken = (): string[] => requests.splice(0).sort();

const page: Place = {
  load: (source, options) =>
    pipeline(TASK, source, { ...options, fetch: rangedFetch(files, (each) => requests.push(each)) }),
  asked: taken,
};

let thread: Worker | undefined;
const worker: Place = {
  load: (source, options) => {
    if (!thread) {
      thread = new Worker(new URL("./watched-thread.ts", import.meta.url), { type: "module" });
      thread.addEventListener("message", ({ data }) => {
        if (typeof (data as { request?: unknown }).request === "string")
          requests.push((data as { request: string }).request);
      });
    }
    return remotePipeline(TASK, source, { ...options, worker: thread });
  },
  asked: taken,
};
afterAll(() => thread?.terminate());

/** Every request of a visit: the model is loaded, a text typed twice, and all that comes late is waited for. */
async function visit({ load, asked }: Place, text: string, options: LoadOptions): Promise<string[]> {
  const source = "https://models.example/large/";
  const classify = await load(source, options);
  await classify(text);
  while (options.wordTable === undefined && (await classify.model.memory()).hostBytes < TABLE_BYTES)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await classify(text);
  await classify.dispose();
  return asked();
}

const PLACES: readonly (readonly [string, "auto" | "off", Place])[] = [
  ["in the page", "off", page],
  ["in the page", "auto", page],
  ["in a worker", "off", worker],
  ["in a worker", "auto", worker],
];

test.each(__LONG__ ? PLACES : PLACES.slice(0, 1))("%s, cache: %s", async (_, cache, place) => {
  const visits: string[][] = [];
  for (const text of TEXTS) {
    visits.push(await visit(place, text, { cache }));
    if (cache === "auto") {
      expect(await visit(place, text, { cache })).toEqual([]);
      await deleteCachedModel("https://models.example/large/");
    }
  }
  expect(visits[0]!.length).toBeGreaterThan(3);
  for (const other of visits.slice(1)) expect(other).toEqual(visits[0]);
});

test.runIf(__LONG__)("the test can tell: rows read when a text needs them show which text it was", async () => {
  const [first, second] = [
    await visit(page, TEXTS[0]!, { cache: "off", wordTable: "on-demand" }),
    await visit(page, TEXTS[1]!, { cache: "off", wordTable: "on-demand" }),
  ];
  expect(first).not.toEqual(second);
});
