// Nothing is promised in docs without a test: each file that docs/reliability.md and docs/security.md name is there, and each row
// of a promise names one.
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const rowsOf = (file: string): string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| -/.test(line))
    .slice(1);
const filesIn = (text: string): string[] =>
  [...text.matchAll(/`((?:test|tools)\/[\w./-]+)`/g)].map(([, file]) => file!);

test.each(["docs/reliability.md", "docs/security.md"])("%s names tests that exist", (file) => {
  const named = filesIn(readFileSync(file, "utf8"));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((each) => !existsSync(each))).toEqual([]);
});

test("each promise of docs/reliability.md names a test", () => {
  const rows = rowsOf("docs/reliability.md");
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((row) => filesIn(row.split("|")[2]!).length === 0)).toEqual([]);
});
