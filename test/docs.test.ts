// Nothing is promised in docs without a test: each file that docs/reliability.md and docs/security.md name is there, and each row
// of a promise names one. Links lead to files and headings that exist, and programs for Node print what
// they say. What a clone alone skips is told there, too.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import * as checkpoint from "deberta-webgpu/checkpoint";
import * as tokenizer from "deberta-webgpu/tokenizer";
import { blocksNotRun, programsOf, runProgram } from "./support/programs.js";

/** The rows of all tables of a text, without their heads. */
const rowsOf = (text: string): string[] =>
  text.split("\n").filter((line, at, lines) => /^\| (?!-)/.test(line) && !/^\| -/.test(lines[at + 1] ?? ""));
const [promises, rest] = readFileSync("docs/reliability.md", "utf8").split("## What a clone alone does not run");
const [skips] = rest!.split("\n## ");
const filesIn = (text: string): string[] =>
  [...text.matchAll(/`((?:test|tools)\/[\w./-]+)`/g)].map(([, file]) => file!);

test.each(["docs/reliability.md", "docs/security.md"])("%s names tests that exist", (file) => {
  const named = filesIn(readFileSync(file, "utf8"));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((each) => !existsSync(each))).toEqual([]);
});

test("each promise of docs/reliability.md names a test", () => {
  const rows = rowsOf(promises!);
  expect(rows.length).toBeGreaterThan(10);
  expect(rows.filter((row) => filesIn(row.split("|")[2]!).length === 0)).toEqual([]);
});

const documents = [
  "README.md",
  ...readdirSync("docs").flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];
const withoutCode = (text: string): string => text.replace(/^```[^]*?^```$/gm, "");

/** Headings as VitePress and GitHub name their anchors. */
const anchorsOf = (file: string): string[] =>
  [...withoutCode(readFileSync(file, "utf8")).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** Whether a link from a document leads somewhere. The API reference is made with the site, and checked with it. */
function leadsSomewhere(document: string, link: string): boolean {
  if (/^(https?:|mailto:|\/api\/|\.\/api\/)/.test(link)) return true;
  const [path, anchor] = link.split("#") as [string, string | undefined];
  const file = path === "" ? document : join(dirname(document), path);
  return existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor));
}

test.each(documents)("links of %s lead somewhere", (document) => {
  const links = [...withoutCode(readFileSync(document, "utf8")).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  expect(links.filter((link) => !leadsSomewhere(document, link))).toEqual([]);
});

test("a page or a heading that does not exist is found", () => {
  expect(leadsSomewhere("docs/index.md", "./nowhere.md")).toBe(false);
  expect(leadsSomewhere("docs/index.md", "./privacy.md#nothing")).toBe(false);
  expect(leadsSomewhere("docs/index.md", "./privacy.md#content-security-policy")).toBe(true);
});

test.each(documents)(
  "each block of code of %s is run, is a file of a scratch project, or says why it is neither",
  (document) => {
    const text = readFileSync(document, "utf8");
    expect(blocksNotRun(text)).toEqual([]);
    // The projects write what they run of a document by its name and that of a folder.
    const projects = ["quick", "bundlers"]
      .map((name) => readFileSync(`test/projects/${name}.test.mjs`, "utf8"))
      .join("");
    for (const [, folder] of text.matchAll(/^<!-- file: (\w+)\//gm))
      expect(projects).toContain(`writeFiles("${document}", "${folder}"`);
  },
);

test("a block that nobody runs is found", () => {
  expect(blocksNotRun("```js\nfirst;\n```\n\n```js run\nsecond;\n```\n")).toEqual(["first;\n"]);
  expect(blocksNotRun("```html not run:\n<p>\n```\n")).toEqual(["<p>\n"]);
});

test.each(programsOf(readFileSync("docs/node.md", "utf8")))("docs/node.md: $name", async (program) => {
  const modules = {
    "node:fs/promises": fs,
    "deberta-webgpu/checkpoint": checkpoint,
    "deberta-webgpu/tokenizer": tokenizer,
  };
  expect(await runProgram(program, modules)).toEqual(program.prints);
  expect(program.prints).not.toEqual([]);
});

test("docs/reliability.md names exactly the files that skip cases where ../shared is absent", () => {
  const told = rowsOf(skips!).flatMap((row) => filesIn(row.split("|")[1]!));
  const skipping = readdirSync("test", { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => /skipIf\(!(SHARED|shared|__HAS_SHARED__)\)/.test(readFileSync(file, "utf8")));
  expect(told.toSorted()).toEqual(skipping.toSorted());
});
