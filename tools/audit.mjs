// Known weaknesses of what reaches a user: the package's dependencies and the libraries that its build bundles. Where the registry
// gives no audit, or there is no network, that is told and nothing is counted.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

function npmAudit() {
  const command = process.platform === "win32" ? "npm.cmd" : "npm";
  const options = { cwd: ROOT, timeout: 60_000, maxBuffer: 1 << 26, shell: process.platform === "win32" };
  return new Promise((resolve) => execFile(command, ["audit", "--json"], options, (_, output) => resolve(output)));
}

/** What npm's report says of the packages in `shipped`: { passed, failed, skipped, details }. */
export function verdictOf(report, shipped) {
  if (!report.vulnerabilities)
    return { passed: 0, failed: 0, skipped: 1, details: [`no audit: ${report.message ?? "npm gave no answer"}`] };
  const found = Object.values(report.vulnerabilities).filter(({ name }) => shipped.has(name));
  const details = found.map(({ name, severity, range }) => `${name} ${range}: ${severity}`);
  return { passed: shipped.size - found.length, failed: found.length, skipped: 0, details };
}

/** Resolves to { passed, failed, skipped, details }. */
export async function audit() {
  const bundled = JSON.parse(readFileSync(join(ROOT, "test/fixtures/bundled-libraries.json"), "utf8"));
  const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  let report;
  try {
    report = JSON.parse(await npmAudit());
  } catch {
    report = {};
  }
  const verdict = verdictOf(report, new Set([...bundled, ...Object.keys(dependencies)]));
  if (verdict.skipped) console.log(`        ${verdict.details[0]}`);
  return verdict;
}
