// `npm test`: sets the project up, finds a browser, then runs every check there is as a list of counted steps, the GPU's beside the
// processor's. The last line is always "N passed, N failed". --long also runs the slow cases (TEST_LONG=1).
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { audit } from "./audit.mjs";
import { ensureBrowser } from "./browser.mjs";
import { DENO_ENTRIES, runDeno } from "./deno.mjs";
import { testEndurance } from "./endurance.mjs";
import { testFirefox } from "./firefox.mjs";
import { fuzzAll, KINDS as FUZZ_KINDS } from "./fuzz.mjs";
import { buildAll, run } from "./run.mjs";
import { ROOT, setUp } from "./setup.mjs";
import { sharedFolder } from "./shared-folder.mjs";

const LINES_SHOWN = 40; // of one failing step; the tool itself prints the rest when it is run alone

/**
 * @typedef {object} Outcome   what a step found
 * @property {number} passed
 * @property {number} failed
 * @property {number} [skipped]
 * @property {string[]} [details]   what to print about the failures
 */

/** A tool whose exit code is the whole verdict: one case. */
async function check(tool, args, options) {
  const { code, output } = await run(tool, args, options);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, details: output.trim().split("\n") };
}

/** Counts a runner's own report. A runner that crashes, or finds nothing to run, is one failure more. */
function counted({ code, output }, outcome) {
  if (outcome && (outcome.failed > 0 || (code === 0 && outcome.passed > 0))) return outcome;
  const tail = output.trim().split("\n").slice(-LINES_SHOWN);
  const reason = code === 0 ? "it ran no test" : "the runner failed";
  return { passed: 0, skipped: 0, ...outcome, failed: (outcome?.failed ?? 0) + 1, details: [reason, ...tail] };
}

const readReport = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined);

async function vitest(project, folder, options) {
  const file = join(folder, `${project}.json`);
  const args = ["run", "--project", project, "--reporter=json", `--outputFile=${file}`];
  const ended = await run("vitest", args, options);
  const report = readReport(file);
  if (!report) return counted(ended);
  const details = [];
  let broken = 0; // files that could not even be loaded, which the report does not count as tests
  for (const { name, status, message, assertionResults } of report.testResults) {
    const failures = assertionResults.filter((test) => test.status === "failed");
    if (status === "failed" && failures.length === 0) broken++;
    if (status === "failed") details.push(relative(ROOT, name));
    if (status === "failed" && message) details.push(...indented(message));
    for (const test of failures) details.push(`  × ${test.fullName}`, ...indented(test.failureMessages.join("\n")));
  }
  return counted(ended, {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
    details,
  });
}

async function playwright(folder, options) {
  const file = join(folder, "playwright.json");
  const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  const ended = await run("playwright", ["test", "--reporter=json"], { ...options, env: { ...options.env, ...env } });
  const report = readReport(file);
  if (!report) return counted(ended);
  const details = report.errors.flatMap((error) => indented(error.message ?? ""));
  for (const { title, error } of report.suites.flatMap(failedSpecs)) details.push(`  × ${title}`, ...indented(error));
  const { expected, unexpected, flaky, skipped } = report.stats;
  return counted(ended, { passed: expected, failed: unexpected + flaky, skipped, details });
}

function failedSpecs(suite) {
  const here = suite.specs
    .filter((spec) => !spec.ok)
    .map((spec) => {
      const errors = spec.tests.flatMap((test) => test.results.flatMap((result) => result.errors));
      return { title: `${spec.file}: ${spec.title}`, error: errors.map((error) => error.message).join("\n") };
    });
  return [...here, ...(suite.suites ?? []).flatMap(failedSpecs)];
}

/** The first lines of a message: the rest of a stack or of a page's log says little here. */
function indented(message) {
  return stripVTControlCharacters(message)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.includes("node_modules"))
    .slice(0, 12)
    .map((line) => `    ${line}`);
}

async function nodeTest(file, options) {
  const ended = await run("node", ["--test", "--test-reporter=tap", file], options);
  const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(ended.output)?.[1] ?? 0);
  const failures = ended.output.split("\n").filter((line) => /^\s*(not ok|error:)/.test(line));
  return counted(ended, { passed: count("pass"), failed: count("fail"), skipped: count("skipped"), details: failures });
}

/** Tests under Deno end with a line of their own: "N passed, N failed". */
async function deno(entry, options) {
  const ended = await runDeno(entry, options);
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(ended.output) ?? [];
  if (passed === undefined) return counted(ended);
  const details = ended.output.trim().split("\n").slice(-LINES_SHOWN);
  return counted(ended, { passed: Number(passed), failed: Number(failed), details });
}

/** Long runs take a new seed each time; what it finds becomes a case of the corpus, to be committed with its mending. */
async function fuzzStep(long) {
  const seed = long ? Math.floor(Math.random() * 2 ** 31) : 1;
  console.log(`        seed ${seed}`);
  return fuzzAll(FUZZ_KINDS, long ? 60 : 0.5, seed);
}

/** The site of the documents, whose builders refuse links that lead nowhere. */
async function siteStep() {
  const reference = await check("typedoc", []);
  return reference.failed > 0 ? reference : check("vitepress", ["build", "docs"]);
}

async function buildStep() {
  const { code, output } = await buildAll();
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, details: output.trim().split("\n") };
}

/** Runs one step, prints its line and, under it, what failed. A step that throws is a failed one. */
async function report(name, step) {
  const started = performance.now();
  /** @type {Outcome} */
  const outcome = await step().catch((error) => ({ passed: 0, failed: 1, details: [String(error?.stack ?? error)] }));
  const { passed, failed, skipped = 0, details = [] } = outcome;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
  console.log(`${failed ? "FAILED" : "ok    "}  ${name.padEnd(26)} ${counts}  (${seconds} s)`);
  if (failed)
    console.log(
      details
        .slice(0, LINES_SHOWN)
        .map((line) => `        ${line}`)
        .join("\n"),
    );
  if (failed && details.length > LINES_SHOWN) console.log(`        ... ${details.length - LINES_SHOWN} lines more`);
  return { passed, failed, skipped };
}

async function main() {
  const { values } = parseArgs({ options: { long: { type: "boolean", default: false } } });
  const started = performance.now();
  const total = { passed: 0, failed: 0, skipped: 0 };
  const step = async (name, body) => {
    const outcome = await report(name, body);
    for (const key of Object.keys(total)) total[key] += outcome[key];
    return outcome.failed === 0;
  };
  const one = (body) => async () => {
    await body();
    return { passed: 1, failed: 0 };
  };

  let ready = await step(
    "packages",
    one(async () => setUp()),
  );
  let browser;
  if (ready) {
    ready = await step(
      "browser",
      one(async () => (browser = await ensureBrowser())),
    );
    console.log(`        ${browser ?? "none"}`);
  }
  if (ready) {
    const options = {
      env: { CHROME_PATH: browser, ...(values.long ? { TEST_LONG: "1" } : {}) },
      minutes: values.long ? 120 : 30,
    };
    const folder = mkdtempSync(join(tmpdir(), "deberta-webgpu-"));
    const checks = {
      types: check("tsc", ["--noEmit"]),
      lint: check("eslint", ["."]),
      format: check("prettier", ["--check", "--log-level=warn", "."]),
      "doc comments": check("typedoc", ["--emit", "none"]), // one on every public name, and links that lead somewhere
    };
    for (const [name, verdict] of Object.entries(checks)) await step(name, () => verdict); // started side by side
    let built = false;
    const onGpu = () => step("tests on WebGPU", () => vitest("gpu", folder, options));
    const others = async () => {
      await step("tests in Node", () => vitest("node", folder, options));
      await step("fuzz", () => fuzzStep(values.long));
      await step("known weaknesses", audit);
      for (const entry of DENO_ENTRIES) await step(`Deno: ${entry}`, () => deno(entry, options));
      built = await step("build", buildStep);
      if (!built) return;
      await step("built package", () => nodeTest("tools/check-package.mjs", options));
      await step("Firefox", () => testFirefox({ short: !values.long }));
      await step("scratch projects", () => nodeTest("test/projects/quick.test.mjs", options));
    };
    if (values.long)
      // figures are printed: one step at a time
      for (const steps of [onGpu, others]) await steps();
    else await Promise.all([onGpu(), others()]);
    if (built) await step("built, in a browser", () => playwright(folder, options));
    if (values.long) {
      await step("endurance", testEndurance);
      await step("documents' site", siteStep);
    }
    if (values.long && built) {
      await step("extraction from dist/", () => nodeTest("tools/check-extraction.mjs", options));
      await step("bundlers' projects", () => nodeTest("test/projects/bundlers.test.mjs", options));
      await step("transformers.js beside it", () => nodeTest("test/projects/theirs.test.mjs", options));
    }
    rmSync(folder, { recursive: true });
  }
  if (total.skipped > 0) {
    const reason = sharedFolder()
      ? values.long
        ? "as their own reasons say"
        : "slow cases run with `npm run test:long`"
      : "most need golden data in ../shared, which is not beside this clone";
    console.log(`${total.skipped} skipped: ${reason}.`);
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(0)} s in all`);
  return total;
}

const outcome = await main().catch((error) => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
process.exitCode = outcome.failed > 0 ? 1 : 0;
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
