// Scratch projects that take seconds: a page without a bundler, one under a strict policy, esbuild, and how much code each loads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { writeFiles } from "./documents.mjs";
import { addModel, answersOf, assertReadmeAnswers, makeProject, serve } from "./support.mjs";

/** Most bytes of code, as servers send it. */
const LIMITS = { classification: 60_000, everything: 100_000, plain: 101_000 };
const RIGHT = { page: "alarm", worker: "alarm" };

async function assertAnswers(address) {
  const { page, worker } = await answersOf(address);
  assert.deepEqual({ page, worker }, RIGHT);
}

/** Bytes of a text as servers send it. */
const sent = (text) => gzipSync(text, { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

test("a page without a bundler, by an import map", async (t) => {
  const folder = await makeProject("plain");
  addModel(folder);
  const { page, worker, scripts } = await answersOf(await serve(folder));
  assert.deepEqual({ page, worker }, RIGHT);
  const bytes = scripts.reduce((sum, body) => sum + sent(body), 0);
  t.diagnostic(`scripts of the page, with the side of it that talks to the worker: ${kilobytes(bytes)} gzip`);
  assert.ok(bytes <= LIMITS.plain, `${bytes} bytes, allowed are ${LIMITS.plain}`);
});

test("a page under Content-Security-Policy: default-src 'self'", async () => {
  const folder = await makeProject("csp");
  addModel(folder);
  await assertAnswers(await serve(folder, { "Content-Security-Policy": "default-src 'self'" }));
});

const buildProject = (folder) =>
  build({
    absWorkingDir: folder,
    entryPoints: ["main.js", "worker.js"],
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    outdir: join(folder, "built"),
    logLevel: "error",
  });

test("esbuild, with the worker as an entry of its own", async () => {
  const folder = await makeProject("esbuild");
  addModel(folder);
  await buildProject(folder);
  await assertAnswers(await serve(folder));
});

test("README's program, in an empty folder, prints what README says", async () => {
  const folder = await makeProject("esbuild");
  writeFiles("README.md", "readme", folder); // takes the place of the project's own main.js
  addModel(folder);
  await buildProject(folder);
  await assertReadmeAnswers(await serve(folder));
});

/** Bytes of code that a program loads at its start, and of the files that it may ask for later; gzip, through esbuild. */
async function bundledSize(folder, program) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    metafile: true,
    write: false,
    outdir: join(folder, "sizes"),
    logLevel: "error",
  });
  const sizes = new Map(outputFiles.map(({ path, contents }) => [relative(folder, path), sent(contents)]));
  const start = new Set();
  const add = (file) => {
    if (start.has(file)) return;
    start.add(file);
    for (const { path, kind } of metafile.outputs[file].imports) if (kind === "import-statement") add(path);
  };
  add([...sizes.keys()].find((file) => metafile.outputs[file].entryPoint === "<stdin>"));
  return {
    start: [...start].reduce((sum, file) => sum + sizes.get(file), 0),
    later: new Map([...sizes].filter(([file]) => !start.has(file))),
  };
}

test("how much code a bundle holds, and what is fetched only when asked for", async (t) => {
  const folder = await makeProject("esbuild");
  const one = await bundledSize(folder, 'import { pipeline } from "deberta-webgpu"; globalThis.use = pipeline;');
  const all = await bundledSize(folder, 'import * as all from "deberta-webgpu"; globalThis.use = all;');
  const fileOf = (name) => [...one.later.keys()].find((file) => file.startsWith(join("sizes", `${name}-`)));
  for (const name of ["question-answering", "fill-mask", "redaction", "rerank", "zero-shot-classification", "rules"])
    assert.ok(fileOf(name), `${name} is loaded though nobody asked for it`);
  const classification = one.start;
  t.diagnostic(`pipeline with text-classification: ${kilobytes(classification)} minified + gzip`);
  t.diagnostic(`every name of the main entry: ${kilobytes(all.start)} minified + gzip`);
  assert.ok(classification <= LIMITS.classification, `${classification} bytes, allowed are ${LIMITS.classification}`);
  assert.ok(all.start <= LIMITS.everything, `${all.start} bytes, allowed are ${LIMITS.everything}`);
});
