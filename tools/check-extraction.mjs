// Runs extraction models of every kind through dist/ in Chromium, as a page with the package does: folders over HTTP, tasks by
// `pipeline`, final answers beside Python's. Those of golden/extraction where the shared folder is, and those of test/fixtures.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { chromium } from "playwright";
import sirv from "sirv";
import { runnerImport } from "vite";
import { BROWSER_FLAGS, ensureBrowser, FAST_COMPILE_FLAG } from "./browser.mjs";
import { ROOT } from "./setup.mjs";
import { sharedFolder } from "./shared-folder.mjs";

const load = async (file) => (await runnerImport(join(ROOT, file), { configFile: false })).module;
const { camelCased, differences } = await load("test/tasks/extraction.ts");
const { madeFiles } = await load("test/support/made-models.ts");

const fixtures = join(ROOT, "test/fixtures");
const models = JSON.parse(readFileSync(join(fixtures, "extraction/kinds.json"), "utf8"));
const made = await madeFiles(models, (name) => readFile(join(fixtures, "tokenizer/foreign-ids-800", name)));
const golden = sharedFolder() && join(sharedFolder(), "golden/extraction");
const GOLDEN = ["gliner-span-v21", "gliner-token", "gliner-trained", "gliner2-v2", "gliclass-other", "rerank-1"];

const dist = sirv(join(ROOT, "dist"), { dev: true });
const stored = golden && sirv(golden, { dev: true });
const server = createServer((request, response) => {
  const [, place, rest] = /^\/(\w+)\/(.*)$/.exec(request.url) ?? [];
  const missing = () => response.writeHead(404).end();
  request.url = `/${rest ?? ""}`;
  if (place === "dist") return dist(request, response, missing);
  if (place === "golden") return stored(request, response, missing);
  if (place === "blank") return response.setHeader("Content-Type", "text/html").end("<!doctype html>");
  made(decodeURI(rest ?? "")).then((bytes) => (bytes ? response.end(Buffer.from(bytes)) : missing()), missing);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: await ensureBrowser(),
  args: [...BROWSER_FLAGS, FAST_COMPILE_FLAG],
});
after(async () => {
  await browser.close();
  server.close();
});
const page = await browser.newPage();
await page.goto(`${base}/blank/`);

/** Results of calls of one task, computed in the page. */
const inPage = ({ task, url, options, calls }) =>
  page.evaluate(
    async ([task, url, options, calls]) => {
      const { pipeline } = await import("/dist/index.js");
      const run = await pipeline(task, url, options);
      const results = [];
      for (const call of calls) results.push(await run(...call));
      await run.dispose();
      return JSON.parse(JSON.stringify(results, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value)));
    },
    [task, url, options, calls],
  );

/** By kind: the task, which cases it takes, a case's call, and what its answer is in Python's words. */
const KINDS = {
  gliner: {
    task: "entity-extraction",
    call: ({ texts, labels, options }) => [texts, labels, camelCased(options)],
  },
  gliner2: {
    task: "structured-extraction",
    // the others differ as docs/extraction.md says
    takes: ({ texts, schema }) => /[.!?]$/.test(texts) && (!schema.relations || Array.isArray(schema.relations)),
    call: ({ texts, schema, options }) => [
      texts,
      schema,
      { includeConfidence: true, includeSpans: true, ...camelCased(options) },
    ],
  },
  gliclass: {
    task: "zero-shot-classification",
    takes: ({ labels, options }) => Array.isArray(labels) && options.threshold === 0,
    call: ({ texts, labels, options }) => [texts, labels, camelCased(options)],
    answer: (result) =>
      [result].flat().map(({ labels, scores }) => Object.fromEntries(labels.map((label, at) => [label, scores[at]]))),
    wanted: (output) => output.map((row) => Object.fromEntries(row.map(({ label, score }) => [label, score]))),
  },
  "cross-encoder": {
    task: "rerank",
    takes: ({ query, options }) => query !== undefined && !options.top_k && !options.activation,
    call: ({ query, documents }) => [query, documents],
    answer: (result) => result.map(({ index, score }) => ({ index, score })),
    wanted: (output) => output.map(({ corpus_id: index, score }) => ({ index, score })),
  },
  "sentence-transformer": {
    task: "feature-extraction",
    options: { pooling: "auto" },
    call: ({ texts }) => [texts],
    answer: (result) => [result].flat().map(({ data }) => data),
    wanted: ({ embeddings }) => embeddings,
  },
  "nvidia-classifier": {
    task: "text-classification",
    call: ({ texts }) => [texts, { functionToApply: "none", topK: null }],
    answer: (result) => result.map((row) => row.map(({ score }) => score)),
    wanted: (output) =>
      output[Object.keys(output)[0]].map((_, at) => Object.values(output).flatMap((rows) => rows[at])),
  },
};

const places = [
  ...models.map(({ name }) => ["made", name, (path) => made(path)]),
  ...(golden ? GOLDEN.map((name) => ["golden", name, (path) => readFile(join(golden, path))]) : []),
];
for (const [place, name, read] of places) {
  test(`${place}/${name}`, async () => {
    const data = JSON.parse(Buffer.from(await read(`${name}/cases.json`)).toString());
    const { task, options = {}, takes = () => true, call, answer = (x) => x, wanted = (x) => x } = KINDS[data.kind];
    const cases = data.cases.filter((one) => takes({ options: {}, ...one }));
    assert.ok(cases.length > 0);
    const results = await inPage({
      task,
      url: `${base}/${place}/${name}/`,
      options: {
        dtype: "f32",
        ...options,
        ...(data.backbone ? { baseModel: `${base}/${place}/${data.backbone.folder}/` } : {}),
      },
      calls: cases.map((one) => call({ options: {}, ...one })),
    });
    const wrong = cases.flatMap((one, at) =>
      differences(answer(results[at]), wanted(one.output), data.tolerance32, one.name, { class_probs: "classProbs" }),
    );
    assert.deepEqual(wrong, []);
  });
}
