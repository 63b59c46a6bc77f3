// `node tools/deno.mjs [entry ...]`: runs tests under Deno from npm, whose WebGPU is wgpu with Naga (what Firefox uses), so
// that no shader depends on one compiler. Vite bundles each entry, with its .wgsl inlined, into .cache/deno. The last line
// is "N passed, N failed".
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { softwareVulkan } from "./browser.mjs";
import { run } from "./run.mjs";
import { ROOT } from "./setup.mjs";
import { sharedFolder } from "./shared-folder.mjs";

/** Entries: modules that call `runTests` of test/support/deno.ts. */
export const DENO_ENTRIES = ["test/kernels/deno.ts", "test/model/deno.ts", "test/tasks/deno.ts"].filter((entry) =>
  existsSync(join(ROOT, entry)),
);

async function bundle(entry) {
  const { build } = await import("vite");
  const outDir = join(ROOT, ".cache/deno", entry.replaceAll(/[/.]/g, "-"));
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    resolve: {
      alias: [
        { find: /^deberta-webgpu$/, replacement: join(ROOT, "src/index.ts") },
        { find: /^deberta-webgpu\/(.*)$/, replacement: join(ROOT, "src/$1.ts") },
      ],
    },
    define: { __HAS_SHARED__: JSON.stringify(sharedFolder() !== undefined), __LONG__: process.env.TEST_LONG === "1" },
    ssr: { noExternal: true },
    build: { ssr: join(ROOT, entry), outDir, emptyOutDir: true, minify: false, target: "es2022" },
  });
  return join(outDir, "deno.js");
}

/** Bundles and runs one entry. Resolves to { code, output }, as `run` of run.mjs does. */
export async function runDeno(entry, { minutes = 15, env = {} } = {}) {
  const file = await bundle(entry);
  const shared = sharedFolder();
  return run("deno", ["run", "--unstable-webgpu", "--allow-all", "--quiet", file], {
    minutes,
    env: { ...(await softwareVulkan()), ...(shared ? { SHARED: shared } : {}), ...env },
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const total = { passed: 0, failed: 0 };
  const entries = process.argv.length > 2 ? process.argv.slice(2) : DENO_ENTRIES;
  for (const entry of entries) {
    const { code, output } = await runDeno(entry);
    console.log(`${entry}\n${output.trim()}`);
    const counts = /^(\d+) passed, (\d+) failed$/m.exec(output);
    total.passed += Number(counts?.[1] ?? 0);
    total.failed += counts ? Number(counts[2]) : 1;
    if (code !== 0 && !counts) console.log(`deno ended with code ${code}`);
  }
  if (entries.length > 1) console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}
