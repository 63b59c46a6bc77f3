// Scratch projects that take seconds: a page without a bundler, one under a strict policy, esbuild, and how much each loads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { join } from "node:path";
import { addModel, answersOf, makeProject, serve } from "./support.mjs";

const RIGHT = { page: "alarm", worker: "alarm" };

async function assertAnswers(address) {
  const { page, worker } = await answersOf(address);
  assert.deepEqual({ page, worker }, RIGHT);
}

test("a page without a bundler, by an import map", async () => {
  const folder = await makeProject("plain");
  addModel(folder);
  await assertAnswers(await serve(folder));
});

test("a page under Content-Security-Policy: default-src 'self'", async () => {
  const folder = await makeProject("csp");
  addModel(folder);
  await assertAnswers(await serve(folder, { "Content-Security-Policy": "default-src 'self'" }));
});

test("esbuild, with the worker as an entry of its own", async () => {
  const folder = await makeProject("esbuild");
  addModel(folder);
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.js", "worker.js"],
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    outdir: join(folder, "built"),
    logLevel: "error",
  });
  await assertAnswers(await serve(folder));
});
