// Scratch projects: the packed package installed into an empty folder, as its users have it, and a Chromium to look at the
// result. Folders lie in the system's temporary folder and are removed when the tests end.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { chromium } from "playwright";
import sirv from "sirv";
import { BROWSER_FLAGS, FAST_COMPILE_FLAG, findBrowser } from "../../tools/browser.mjs";
import { ROOT } from "../../tools/setup.mjs";
import { filesIn } from "./documents.mjs";

export const MODELS = join(ROOT, "demo/public/models");
const SCRATCH = mkdtempSync(join(tmpdir(), "deberta-webgpu-projects-"));

const closing = [];
/** Something to end, newest first, when all tests of the file are done. */
export const atEnd = (close) => void closing.push(close);
after(async () => {
  for (const close of closing.reverse()) await close();
  rmSync(SCRATCH, { recursive: true, force: true });
});

/** Runs a program to its end; rejects with all that it printed. Resolves to what it printed. */
export async function run(program, args, cwd, env = {}) {
  const [file, ...first] = program === "node" ? [process.execPath] : [program];
  try {
    const { stdout } = await promisify(execFile)(file, [...first, ...args], {
      cwd,
      env: { ...process.env, NODE_ENV: undefined, NO_COLOR: "1", CI: "1", NODE_OPTIONS: "", ...env },
      maxBuffer: 64 << 20,
      timeout: 600_000,
      shell: process.platform === "win32",
    });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}\n${error.message}\n${error.stdout}\n${error.stderr}`, {
      cause: error,
    });
  }
}

let packed;
/** The tarball that `npm publish` would send, of the build as it lies there. Resolves to its path. */
export function pack() {
  assert.ok(existsSync(join(ROOT, "dist/index.js")), "nothing is built to be packed: npm run build");
  packed ??= run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", SCRATCH], ROOT).then((name) =>
    join(SCRATCH, name.trim().split("\n").at(-1)),
  );
  return packed;
}

const INSTALL = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * A folder with the files of test/projects/<name> and the package. `packages`, as npm takes them, come from the registry;
 * without any, nothing is fetched. Resolves to the folder.
 */
export async function makeProject(name, packages = []) {
  const folder = mkdtempSync(join(SCRATCH, `${name}-`));
  const files = join(ROOT, "test/projects", name);
  for (const from of [files, join(ROOT, "test/projects/common")]) cpSync(from, folder, { recursive: true });
  await run("npm", [...INSTALL, ...(packages.length > 0 ? [] : ["--offline"]), await pack(), ...packages], folder);
  return folder;
}

/** Copies a bundled model to <folder>/models/<model>. */
export function addModel(folder, model = "tiny-intent") {
  mkdirSync(join(folder, "models"), { recursive: true });
  cpSync(join(MODELS, model), join(folder, "models", model), { recursive: true });
}

/**
 * Serves a folder, with the headers given, on a port of its own; `single` answers what is not there by its index.html, as hosts of
 * single-page apps do. Resolves to its address, with a slash at the end.
 */
export async function serve(folder, headers = {}, { single = false } = {}) {
  const files = sirv(folder, { dev: true, etag: true, single, setHeaders: (response) => setAll(response, headers) });
  const server = createServer((request, response) =>
    files(request, response, () => {
      setAll(response, headers);
      response.writeHead(404).end();
    }),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())));
  return `http://127.0.0.1:${server.address().port}/`;
}

function setAll(response, headers) {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/**
 * Opens a page of README's first program and waits for the line that it prints: the label and the score that README says. Resolves to the
 * scripts that had come by then, by their paths.
 */
export async function assertReadmeAnswers(address) {
  const [, label, score] = /console\.log\(best.*\/\/ (\S+) ([\d.]+)/.exec(filesIn("README.md").get("readme/main.js"));
  const { lines, problems, transferred, close } = await open(address);
  const isAnswer = (line) => line.startsWith(`${label} `);
  for (let tries = 0; tries < 600 && !lines.some(isAnswer); tries++) await setTimeout(100);
  await close();
  assert.deepEqual(problems, []);
  const [, printed] = lines.find(isAnswer)?.split(" ") ?? [];
  assert.equal(Number(printed).toFixed(2), score, lines.join("\n"));
  return transferred;
}

let browser;
async function openBrowser() {
  const executablePath = await findBrowser();
  const opened = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: [...BROWSER_FLAGS, FAST_COMPILE_FLAG],
  });
  atEnd(() => opened.close());
  return opened;
}

/** Opens an address in a fresh browser profile. Resolves to the page, and to what it reports as it goes wrong. */
export async function open(address) {
  browser ??= openBrowser();
  const context = await (await browser).newContext();
  const page = await context.newPage();
  const problems = [];
  const lines = []; // what the page logs
  const transferred = new Map(); // path → bytes of scripts
  page.on("console", (message) => {
    if (message.type() === "log") lines.push(message.text());
    const missing = message.text().startsWith("Failed to load resource"); // told more exactly below
    if (message.type() === "error" && !missing) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("response", async (response) => {
    const { pathname, origin } = new URL(response.url());
    // A model need not have every file, nor a page an icon.
    const isPages = origin === new URL(address).origin && !/\/models\/|favicon/.test(pathname);
    if (response.status() >= 400 && isPages) problems.push(`${response.status()} ${pathname}`);
    if (!/\.m?js$/.test(pathname)) return;
    const body = await response.body().catch(() => undefined);
    if (body) transferred.set(pathname, body);
  });
  await page.goto(address);
  return { page, problems, lines, transferred, close: () => context.close() };
}

/**
 * Opens a page that writes what it found into its title, `{ page, worker }` as JSON (common/report.js), and gives that with the
 * contents of the package's scripts that it loaded as they lie there. A page that reports an error, in words or in its console, rejects.
 * @param minutes that it may take
 */
export async function answersOf(address, minutes = 2) {
  const opened = await open(address);
  const { page, problems, transferred } = opened;
  const deadline = Date.now() + 60_000 * minutes;
  let title = "";
  while (!/^({|Error)/.test(title) && Date.now() < deadline) {
    await setTimeout(100);
    title = await page.title();
  }
  // The page's own scripts; those of a worker are in a list of its own.
  const names = await page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)");
  const paths = names.map((name) => new URL(name).pathname).filter((path) => path.includes("/node_modules/"));
  const scripts = new Map(paths.map((path) => [path, transferred.get(path)]));
  await opened.close();
  if (!title.startsWith("{") || problems.length > 0) throw new Error([title, ...problems].join("\n"));
  return { ...JSON.parse(title), scripts: [...scripts.values()].filter((body) => body !== undefined) };
}
