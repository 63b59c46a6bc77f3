// Scratch projects whose bundlers come from the registry: `npm run test:long`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeFiles } from "./documents.mjs";
import { sharedFolder } from "../../tools/shared-folder.mjs";
import { addModel, answersOf, assertReadmeAnswers, atEnd, makeProject, MODELS, run, serve } from "./support.mjs";

const RIGHT = { page: "alarm", worker: "alarm" };

async function assertAnswers(address) {
  const { page, worker } = await answersOf(address);
  assert.deepEqual({ page, worker }, RIGHT);
}

/**
 * Builds a Vite project and opens it three ways: development server, preview, and the built folder on a static host.
 * @param assertPage what each must show at its address
 * @param host how the static host answers, as `serve` takes it
 */
async function assertVite(folder, assertPage = assertAnswers, host = {}) {
  addModel(join(folder, "public"));
  const vite = await import(pathToFileURL(join(folder, "node_modules/vite/dist/node/index.js")).href);
  const options = { root: folder, logLevel: "error" };
  const development = await vite.createServer({ ...options, server: { port: 0 } });
  await development.listen();
  atEnd(() => development.close());
  await assertPage(development.resolvedUrls.local[0]);

  await vite.build(options);
  const preview = await vite.preview({ ...options, preview: { port: 0 } });
  atEnd(() => preview.close());
  await assertPage(preview.resolvedUrls.local[0]);
  await assertPage(await serve(join(folder, "dist"), {}, host));
}

test("Vite: development server, preview and build", async () => {
  await assertVite(await makeProject("vite", ["vite"]));
});

test("README's program with Vite: development server, preview, and a host that answers what is not there by the page", async () => {
  const folder = await makeProject("vite", ["vite"]);
  writeFiles("README.md", "readme", folder);
  await assertVite(folder, assertReadmeAnswers, { single: true });
});

const shared = sharedFolder();
for (const report of ["spa-fallback", "s3-403", "short-206", "browser-extension"])
  test(`a public report: ${report}`, { skip: shared ? false : "no ../shared beside this clone" }, async () => {
    const folder = await makeProject("plain");
    const server = spawn(process.execPath, [
      join(shared, "public", report, "server.mjs"),
      join(MODELS, "tiny-intent/"),
    ]);
    atEnd(() => server.kill());
    const [printed] = await once(server.stdout, "data");
    await assertAnswers(`${await serve(folder)}?model=${encodeURIComponent(String(printed).trim())}`);
  });

test("Vite with React", async () => {
  const folder = await makeProject("react", ["vite", "@vitejs/plugin-react", "react", "react-dom"]);
  writeFiles("docs/react.md", "react", folder);
  await assertVite(folder);
});

test("webpack 5", async () => {
  const folder = await makeProject("webpack", ["webpack@5", "webpack-cli"]);
  addModel(folder);
  await run("node", ["node_modules/webpack/bin/webpack.js"], folder);
  await assertAnswers(await serve(folder));
});

test("Rollup, with the worker as an entry of its own", async () => {
  const folder = await makeProject("rollup", ["rollup", "@rollup/plugin-node-resolve"]);
  addModel(folder);
  await run("node", ["node_modules/rollup/dist/bin/rollup", "--config", "rollup.config.mjs"], folder);
  await assertAnswers(await serve(folder));
});

test("Next: a page with a client component, rendered on the server", async () => {
  const folder = await makeProject("next", ["next", "react", "react-dom"]);
  addModel(join(folder, "public"));
  await run("node", ["node_modules/next/dist/bin/next", "build"], folder, { NEXT_TELEMETRY_DISABLED: "1" });
  await assertAnswers(await serve(join(folder, "out")));
});
