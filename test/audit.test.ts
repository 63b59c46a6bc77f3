// The step of `npm test` that asks the registry for known weaknesses, over reports as npm writes them.
import { expect, test } from "vitest";
// @ts-expect-error plain JavaScript
import { verdictOf } from "../tools/audit.mjs";

interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly details: readonly string[];
}
const verdict = verdictOf as (report: object, shipped: ReadonlySet<string>) => Verdict;

const SHIPPED = new Set(["validator", "@noble/hashes"]);
/** An entry of `npm audit --json`, version 2. */
const entry = (name: string) => ({
  name,
  severity: "high",
  isDirect: true,
  via: [{ source: 1, name, title: "URL validation bypass", severity: "high", range: "<13.15.20" }],
  effects: [],
  range: "<13.15.20",
  nodes: [`node_modules/${name}`],
  fixAvailable: true,
});
const report = (...names: string[]) => ({
  auditReportVersion: 2,
  vulnerabilities: Object.fromEntries(names.map((name) => [name, entry(name)])),
});

test("a weakness of a library that is shipped fails, with its name, range and severity", () => {
  expect(verdict(report("validator"), SHIPPED)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
    details: ["validator <13.15.20: high"],
  });
});

test("one of a tool that only developers have does not", () => {
  expect(verdict(report("vite"), SHIPPED)).toMatchObject({ passed: 2, failed: 0, skipped: 0 });
  expect(verdict(report(), SHIPPED)).toMatchObject({ passed: 2, failed: 0, skipped: 0 });
});

test.each([{ message: "405 Method Not Allowed", error: { summary: "" } }, {}])(
  "no report is a step that was skipped, with the reason: %o",
  (answer) => {
    const { passed, failed, skipped, details } = verdict(answer, SHIPPED);
    expect([passed, failed, skipped]).toEqual([0, 0, 1]);
    expect(details[0]).toContain((answer as { message?: string }).message ?? "npm gave no answer");
  },
);
