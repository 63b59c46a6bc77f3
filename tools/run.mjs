// Runs the project's command line tools (tsc, Vite, Vitest ...) with this Node, without a shell: stopping one stops
// the tool itself, and it works the same on every platform.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "./setup.mjs";

const TOOLS = {
  tsc: "typescript/bin/tsc",
  eslint: "eslint/bin/eslint.js",
  prettier: "prettier/bin/prettier.cjs",
  vite: "vite/bin/vite.js",
  vitest: "vitest/vitest.mjs",
  playwright: "@playwright/test/cli.js",
  deno: "deno/bin.cjs",
  typedoc: "typedoc/bin/typedoc",
  vitepress: "vitepress/bin/vitepress.js",
};

/**
 * Runs a tool to its end and gathers what it prints. `tool` is a key of TOOLS, or "node" for Node itself.
 * Resolves to { code, output }: code is null when it had to be stopped after `minutes` or died by a signal.
 */
export function run(tool, args, { env = {}, minutes = 10 } = {}) {
  const script = tool === "node" ? [] : [join(ROOT, "node_modules", TOOLS[tool])];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...script, ...args], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: minutes * 60_000,
    });
    let output = "";
    const gather = (text) => (output += text);
    child.stdout.setEncoding("utf8").on("data", gather);
    child.stderr.setEncoding("utf8").on("data", gather);
    child.on("error", (error) => resolve({ code: null, output: `${output}${error.message}` }));
    child.on("close", (code, signal) => {
      if (signal) output += `\n${tool} was stopped by ${signal} (limit: ${minutes} minutes)`;
      resolve({ code, output: stripVTControlCharacters(output) }); // some tools colour even into pipes
    });
  });
}

/** Builds the library (dist/) and the playground (dist-demo/). Resolves to { code, output } like `run`. */
export async function buildAll() {
  let output = "";
  for (const [tool, ...args] of [
    ["vite", "build", "--mode", "lib", "--logLevel", "warn"],
    ["vite", "build", "--mode", "service-worker", "--logLevel", "warn"],
    ["tsc", "-p", "tsconfig.build.json"],
    ["node", join(ROOT, "tools/declarations.mjs")],
    ["vite", "build", "--logLevel", "warn"],
  ]) {
    const step = await run(tool, args);
    output += step.output;
    if (step.code !== 0) return { code: step.code ?? 1, output: `${tool} ${args.join(" ")}\n${output}` };
  }
  return { code: 0, output };
}
