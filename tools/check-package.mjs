// Checks dist/ as a user of the package meets it: every entry of the exports map can be imported by name in plain Node,
// where there is no WebGPU; has declarations; its command works; and the package holds nothing but the build and the command.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compareTexts } from "../test/e2e/tokenizer-probe.mjs";
import { ROOT } from "./setup.mjs";

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target === "object");
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
  try {
    const source = join(ROOT, "test/fixtures/model-cases/embed-proj");
    execFileSync(process.execPath, [join(ROOT, manifest.bin[manifest.name]), "shrink", source, target]);
    assert.deepEqual(readdirSync(target).sort(), ["config.json", "model.safetensors"]);
    const bytes = (folder) => statSync(join(folder, "model.safetensors")).size;
    assert.ok(bytes(target) < bytes(source) / 2);
  } finally {
    rmSync(target, { recursive: true });
  }
});

test("the package holds the build, the command, README and licence only", () => {
  const listing = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const files = JSON.parse(listing)[0].files.map(({ path }) => path);
  assert.deepEqual(
    files.filter((path) => !/^(bin\/|dist\/|package\.json$|README|LICENSE)/.test(path)),
    [],
  );
});
