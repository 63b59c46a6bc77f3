// Checks dist/ as a user of the package meets it: every entry of the exports map can be imported by name in plain Node,
// where there is no WebGPU; has declarations; its command works; and the package holds what
// users need, with its licences.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { compareTexts } from "../test/e2e/tokenizer-probe.mjs";
import { makeProject, pack, run } from "../test/projects/support.mjs";
import { ROOT } from "./setup.mjs";

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target === "object");
const TYPESCRIPT_FOLDER = join(ROOT, ".cache/typescript");
const TYPESCRIPTS = { oldest: "~5.4.5", newest: "latest" };
const WORKER_SCRIPT = "./worker-thread"; // imported for its effect: it listens for a page

for (const [subpath, { types, default: script }] of entries) {
  const name = join(manifest.name, subpath);
  test(`import ${name}`, async () => {
    assert.ok(existsSync(join(ROOT, script)), `${script} is missing`);
    if (subpath === WORKER_SCRIPT) return; // run by the scratch projects
    assert.ok(Object.keys(await import(name)).length > 0, `${name} exports nothing`);
  });
  test(`declarations of ${name}`, () => {
    assert.ok(existsSync(join(ROOT, types)), `${types} is missing`);
  });
}

test("both tokenizers encode in Node", async () => {
  const folder = join(ROOT, "test/fixtures/tokenizer/foreign-ids-800");
  const source = {
    open: async (name) => {
      if (!existsSync(join(folder, name))) return undefined;
      const bytes = new Uint8Array(readFileSync(join(folder, name)));
      return {
        size: bytes.length,
        async *read(start, end) {
          yield bytes.subarray(start, end);
        },
      };
    },
  };
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
  const tokenizers = await import(`${manifest.name}/tokenizer`);
  for (const engine of ["javascript", "sentencepiece-js"]) {
    const { compared, differences } = await compareTexts(tokenizers, source, cases, engine);
    assert.deepEqual(differences, []);
    assert.ok(compared > 40);
  }
});

test("the command writes a smaller model folder", () => {
  const target = mkdtempSync(join(tmpdir(), "deberta-webgpu-"));
  const shrink = (source, folder, ...options) =>
    execFileSync(process.execPath, [join(ROOT, manifest.bin[manifest.name]), "shrink", source, folder, ...options], {
      stdio: "pipe",
    });
  const bytes = (folder) => statSync(join(folder, "model.safetensors")).size;
  try {
    const source = join(ROOT, "test/fixtures/model-cases/embed-proj");
    const sizes = ["q8", "q4", "f16"].map((dtype) => {
      const folder = join(target, dtype);
      shrink(source, folder, "--dtype", dtype);
      assert.deepEqual(readdirSync(folder).sort(), ["config.json", "model.safetensors"]);
      return bytes(folder);
    });
    assert.ok(sizes[1] < sizes[0] && sizes[0] < sizes[2] && sizes[2] < bytes(source), sizes.join());

    const sentences = join(target, "sentences");
    cpSync(source, sentences, { recursive: true });
    const modules = (path) => writeFileSync(join(sentences, "modules.json"), JSON.stringify([{ path: "" }, { path }]));
    modules("1_Pooling");
    mkdirSync(join(sentences, "1_Pooling"));
    writeFileSync(join(sentences, "1_Pooling/config.json"), "{}");
    shrink(sentences, join(target, "small"));
    const files = ["1_Pooling", "1_Pooling/config.json", "config.json", "model.safetensors", "modules.json"];
    assert.deepEqual(readdirSync(join(target, "small"), { recursive: true }).sort(), files);
    modules("../1_Pooling");
    assert.throws(() => shrink(sentences, join(target, "outside")), /is not the name of a folder/);
  } finally {
    rmSync(target, { recursive: true });
  }
});

test("the tarball holds the build, the command, README, CHANGELOG and licences only", async () => {
  const listing = await run("tar", ["-tf", await pack()], ROOT);
  const files = listing
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  const wanted = [
    /^dist\/[^/]+\.js$/,
    /^dist\/types\/.+\.d\.ts$/,
    /^bin\/.+\.mjs$/,
    /^(dist\/THIRD-PARTY\.md|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  ];
  assert.deepEqual(
    files.filter((path) => !wanted.some((pattern) => pattern.test(path))),
    [],
  );
  for (const file of ["dist/index.js", "dist/worker-thread.js", "LICENSE", "README.md", "CHANGELOG.md"])
    assert.ok(files.includes(file), `${file} is missing`);
});

test("whoever installs it installs nothing else, and finds the licences of what it holds", () => {
  assert.equal(manifest.dependencies, undefined);
  const notices = readFileSync(join(ROOT, "dist/THIRD-PARTY.md"), "utf8");
  const bundled = JSON.parse(readFileSync(join(ROOT, "test/fixtures/bundled-libraries.json"), "utf8"));
  for (const name of bundled) {
    const [, notice] = notices.split(`## ${name} - `);
    assert.match(
      notice?.split("\n## ")[0] ?? "",
      /Permission is hereby granted|Apache License/,
      `no notice of ${name}`,
    );
  }
});

test("docs/security.md tells the sizes of the libraries", () => {
  const bundled = JSON.parse(readFileSync(join(ROOT, "test/fixtures/bundled-libraries.json"), "utf8"));
  const rows = readFileSync(join(ROOT, "docs/security.md"), "utf8").split("\n");
  const dist = join(ROOT, "dist");
  const scripts = readdirSync(dist).filter((file) => existsSync(join(dist, `${file}.map`)));
  for (const library of bundled) {
    const holding = scripts.filter((file) => {
      const { sources } = JSON.parse(readFileSync(join(dist, `${file}.map`), "utf8"));
      return sources.some((source) => source.includes(`node_modules/${library}/`));
    });
    const size = holding.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0) / 1000;
    const told = Number(/(\d+) kB/.exec(rows.find((row) => row.startsWith(`| \`${library}\``)) ?? "")?.[1]);
    const difference = Math.abs(size - told);
    assert.ok(difference < 1 || difference < 0.1 * size, `${library}: ${size.toFixed(1)} kB, not ${told}`);
  }
});

test("publint finds nothing", async () => {
  const tarball = new Uint8Array(readFileSync(await pack())).buffer;
  const { messages } = await publint({ pack: { tarball }, strict: true });
  const notes = messages.map((message) => formatMessage(message, manifest));
  assert.deepEqual(notes, []);
});

test("are-the-types-wrong finds nothing", async () => {
  const cli = join(ROOT, "node_modules/@arethetypeswrong/cli/dist/index.js");
  await run("node", [cli, await pack(), "--profile", "esm-only", "--no-emoji"], ROOT);
});

const contract = JSON.parse(readFileSync(join(ROOT, "test/fixtures/api-names.json"), "utf8"));

for (const [entry, { values }] of Object.entries(contract.entries))
  test(`${entry} has every name of the contract`, async () => {
    const module = await import(entry);
    assert.deepEqual(
      values.filter((name) => !(name in module)),
      [],
    );
  });

test("declarations compile in a project that checks them, on TypeScript 5.4 and on the newest", async () => {
  const folder = await makeProject("types");
  writeFileSync(join(folder, "names.ts"), namesProgram());
  await installTypeScripts();
  for (const version of Object.keys(TYPESCRIPTS))
    await run("node", [join(TYPESCRIPT_FOLDER, "node_modules", version, "bin/tsc"), "-p", "."], folder);
});

/** A program that uses every name of the contract as a type, or as a member of one. */
function namesProgram() {
  const lines = Object.entries(contract.entries).flatMap(([entry, { values, types }], index) => [
    `import * as entry${index} from "${entry}";`,
    ...values.map((name) => `void entry${index}.${name};`),
    ...types.map((name, at) => `export type { ${name} as T${index}x${at} } from "${entry}";`),
  ]);
  const keys = (names) => names.map((name) => JSON.stringify(name)).join(" | ");
  const classes = Object.entries(contract.members).flatMap(([name, { static: own, methods, properties }], index) => [
    `import type { ${name} as Class${index} } from "deberta-webgpu";`,
    `export type Members${index} = Pick<Class${index}, ${keys([...methods, ...properties])}>;`,
    `export type Statics${index} = Pick<typeof Class${index}, ${keys(own)}>;`,
  ]);
  return [
    ...lines,
    ...classes.map((line) => line.replace(/Pick<(\w+), >/, "$1")),
    `import type { LoadOptions, Pipelines } from "deberta-webgpu";`,
    `export type Options = Pick<LoadOptions, ${keys(contract.loadOptions)}>;`,
    `export type Tasks = Pick<Pipelines, ${keys(contract.tasks)}>;`,
  ].join("\n");
}

/** They would take the place of the project's own `tsc` among its packages, so they lie apart, and stay there. */
async function installTypeScripts() {
  const isThere = (version) => existsSync(join(TYPESCRIPT_FOLDER, "node_modules", version, "bin/tsc"));
  if (Object.keys(TYPESCRIPTS).every(isThere)) return;
  mkdirSync(TYPESCRIPT_FOLDER, { recursive: true });
  writeFileSync(join(TYPESCRIPT_FOLDER, "package.json"), "{}");
  const packages = Object.entries(TYPESCRIPTS).map(([name, range]) => `${name}@npm:typescript@${range}`);
  await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...packages], TYPESCRIPT_FOLDER);
}
