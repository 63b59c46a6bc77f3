// Scratch projects that take seconds: a page without a bundler, one under a strict policy, esbuild, and how much code each loads.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { build } from "esbuild";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { writeFiles } from "./documents.mjs";
import { addModel, answersOf, assertReadmeAnswers, makeProject, serve } from "./support.mjs";

/** Most bytes of code, as servers send it. */
const LIMITS = {
  /** What a bundle of `pipeline` loads at its start; the engine comes with the first model. */
  classification: 60_000,
  /** The same, and all that has come when the first answer is there. */
  answer: 100_000,
  /** What a bundle of every name of the main entry loads at its start. */
  everything: 100_000,
  /** All that a page without a bundler has loaded when the first answer is there. */
  plain: 100_000,
};
const RIGHT = { page: "alarm", worker: "alarm" };

async function assertAnswers(address) {
  const { page, worker } = await answersOf(address);
  assert.deepEqual({ page, worker }, RIGHT);
}

/** What a page does that has no worker. */
const PROGRAM = `<script type="module">
  import { pipeline } from "deberta-webgpu";
  const classify = await pipeline("text-classification", "./models/tiny-intent/");
  const [{ label }] = await classify("wake me up at half past six tomorrow");
  document.title = JSON.stringify({ page: label });
</script>`;

/** Bytes of a text as servers send it. */
const sent = (text) => gzipSync(text, { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

const sizeOf = (scripts) => scripts.reduce((sum, body) => sum + sent(body), 0);

test("a page without a bundler, by an import map", async (t) => {
  const folder = await makeProject("plain");
  addModel(folder);
  const { page, worker, scripts } = await answersOf(await serve(folder));
  assert.deepEqual({ page, worker }, RIGHT);
  t.diagnostic(`scripts, with the side of the page that talks to a worker: ${kilobytes(sizeOf(scripts))} gzip`);
});

test("a page with the import map of docs/index.md", async (t) => {
  const folder = await makeProject("plain");
  writeFiles("docs/index.md", "plain", folder);
  const page = readFileSync(join(folder, "importmap.html"), "utf8");
  writeFileSync(join(folder, "index.html"), `<title>loading</title><link rel="icon" href="data:,">${page}${PROGRAM}`);
  addModel(folder);
  const { page: answer, scripts } = await answersOf(await serve(folder));
  assert.equal(answer, "alarm");
  const bytes = sizeOf(scripts);
  t.diagnostic(
    `scripts until the first answer, without a bundler: ${kilobytes(bytes)} gzip in ${scripts.length} files`,
  );
  assert.ok(bytes <= LIMITS.plain, `${bytes} bytes, allowed are ${LIMITS.plain}`);
});

test("a page under Content-Security-Policy: default-src 'self'", async () => {
  const folder = await makeProject("csp");
  addModel(folder);
  await assertAnswers(await serve(folder, { "Content-Security-Policy": "default-src 'self'" }));
});

test("a package from another origin: its worker is refused with the way out, which works", async () => {
  const folder = await makeProject("plain");
  const other = await serve(folder, { "Access-Control-Allow-Origin": "*" });
  const dist = `${other}node_modules/deberta-webgpu/dist/`;
  const page = mkdtempSync(join(folder, "page-"));
  addModel(page);
  writeFileSync(join(page, "worker.js"), `import "${dist}worker-thread.js";\n`);
  const program = `
    import { createWorker, pipeline, UnsupportedError } from "${dist}worker.js";
    const answers = {};
    try {
      createWorker();
    } catch (error) {
      answers.page = [error instanceof UnsupportedError, error.message, error.cause?.name];
    }
    const worker = new Worker("./worker.js", { type: "module" });
    const classify = await pipeline("text-classification", "./models/tiny-intent/", { worker });
    answers.worker = (await classify("wake me up at half past six tomorrow"))[0].label;
    document.title = JSON.stringify(answers);`;
  const head = '<title>loading</title><link rel="icon" href="data:,">';
  writeFileSync(join(page, "index.html"), `${head}<script type="module">${program}</script>`);
  const answers = await answersOf(await serve(page));
  const [isUnsupported, message, cause] = answers.page;
  assert.deepEqual([isUnsupported, cause, answers.worker], [true, "SecurityError", "alarm"]);
  assert.match(message, /import "deberta-webgpu\/worker-thread".*option `worker`/);
});

const buildProject = (folder, entryPoints = ["main.js"]) =>
  build({
    absWorkingDir: folder,
    entryPoints,
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    outdir: join(folder, "built"),
    logLevel: "error",
  });

test("esbuild, with the worker as an entry of its own", async () => {
  const folder = await makeProject("esbuild");
  writeFiles("docs/workers.md", "worker", folder); // worker.js
  addModel(folder);
  await buildProject(folder, ["main.js", "worker.js"]);
  await assertAnswers(await serve(folder));
});

test("README's program, in an empty folder, prints what README says", async (t) => {
  const folder = await makeProject("esbuild");
  writeFiles("README.md", "readme", folder); // takes the place of the project's own main.js
  addModel(folder);
  await buildProject(folder);
  const scripts = await assertReadmeAnswers(await serve(folder));
  const bytes = sizeOf([...scripts.values()]);
  t.diagnostic(`scripts until the first answer: ${kilobytes(bytes)} gzip in ${scripts.size} files, through esbuild`);
  assert.ok(bytes <= LIMITS.answer, `${bytes} bytes, allowed are ${LIMITS.answer}`);
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
  t.diagnostic(`pipeline with text-classification, at its start: ${kilobytes(classification)} minified + gzip`);
  t.diagnostic(`every name of the main entry, at its start: ${kilobytes(all.start)} minified + gzip`);
  assert.ok(classification <= LIMITS.classification, `${classification} bytes, allowed are ${LIMITS.classification}`);
  assert.ok(all.start <= LIMITS.everything, `${all.start} bytes, allowed are ${LIMITS.everything}`);
});
