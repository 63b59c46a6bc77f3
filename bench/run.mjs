// `npm run bench [-- name ...]`: runs every *.bench.ts of this folder (or the named ones) in headless Chromium, served by
// Vite, and prints what they print, with the machine and the adapter above. CHROME_PATH chooses another browser, --headed a
// window, --firefox Firefox, --gpu the machine's own adapter instead of the software one, --lavapipe Mesa's instead of SwiftShader, and
// --zero-workgroup-memory the shaders as browsers compile them by default, with workgroup memory set to zero. --write FILE also puts
// what a bench prints between <!-- node bench/run.mjs NAME --> and <!-- end --> of a document.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { BROWSER_FLAGS, ensureBrowser, FAST_COMPILE_FLAG } from "../tools/browser.mjs";
import { launchFirefox } from "../tools/firefox.mjs";
import { lavapipeBrowser } from "./lavapipe.mjs";
import { serveBench } from "./serve.mjs";

const ROOT = resolve(import.meta.dirname, "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    firefox: { type: "boolean", default: false },
    gpu: { type: "boolean", default: false },
    headed: { type: "boolean", default: false },
    lavapipe: { type: "boolean", default: false },
    write: { type: "string" },
    "zero-workgroup-memory": { type: "boolean", default: false },
  },
});
const entries =
  positionals.length > 0
    ? positionals.map((name) => (name.includes("/") ? name : `bench/${name}.bench.ts`))
    : readdirSync(import.meta.dirname)
        .filter((name) => name.endsWith(".bench.ts"))
        .map((name) => `bench/${name}`);

/** Replaces what a bench has written into a document before. */
function writeSection(file, entry, text) {
  const begin = `<!-- node bench/run.mjs ${entry.replace(/^bench\/|\.bench\.ts$/g, "")} -->`;
  const [before, rest] = readFileSync(file, "utf8").split(begin);
  if (rest === undefined) return;
  const end = "<!-- end -->";
  writeFileSync(file, `${before}${begin}\n\n${text}\n\n${rest.slice(rest.indexOf(end))}`);
}

const server = await serveBench(ROOT);
const url = server.resolvedUrls.local[0];
const software = (flag) => values.gpu && flag.startsWith("--use-webgpu-adapter");
const installed = values.firefox ? undefined : await ensureBrowser();
const lavapipe = values.lavapipe ? lavapipeBrowser(installed) : undefined;
const launchChromium = () =>
  chromium.launch({
    executablePath: lavapipe?.executable ?? installed,
    env: { ...process.env, ...lavapipe?.env },
    headless: !values.headed,
    args: [
      ...BROWSER_FLAGS.filter((flag) => !software(flag)),
      ...(values["zero-workgroup-memory"] ? [] : [FAST_COMPILE_FLAG]),
    ],
  });
const browser = await (values.firefox ? launchFirefox() : launchChromium());
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  page.on("pageerror", (error) => console.error(error.message));
  await page.goto(`${url}blank`);
  let printed = [];
  const print = (line) => {
    console.log(line);
    printed.push(line);
  };
  await page.exposeFunction("print", print);
  const [processor] = cpus();
  console.log(`${cpus().length} × ${processor.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`);
  const zeroed = values["zero-workgroup-memory"] ? ", workgroup memory set to zero" : "";
  const standIn = lavapipe ? ", Mesa's lavapipe in SwiftShader's name" : "";
  const version = await browser.version();
  console.log(`${values.firefox ? "" : "Chromium "}${version}${zeroed}${standIn}`);
  for (const entry of entries) {
    console.log(`\n${entry}`);
    printed = [];
    await page.evaluate(async (path) => {
      const { default: bench } = await import(path);
      await bench(globalThis.print);
    }, `/${entry}`);
    if (values.write) writeSection(values.write, entry, printed.join("\n\n"));
  }
} finally {
  await browser.close();
  await server.close();
  lavapipe?.remove();
}
