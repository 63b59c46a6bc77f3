// `npm run fuzz -- [kind] [seconds] [seed]`: tries mutants of the hostile corpus until the time is over; every kind in turn where
// none is named. What breaks a rule of test/hostile/judge.ts, hangs or dies becomes a case in test/fixtures/hostile. `npm run fuzz
// -- make` writes the corpus itself. The seed is printed; the same seed tries the same cases.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { pathToFileURL } from "node:url";
import { ROOT } from "./setup.mjs";

const FOLDER = join(ROOT, ".cache/fuzz");
export const KINDS = [
  "header",
  "index",
  "pickle",
  "hdf5",
  "sentencepiece",
  "tokenizer",
  "config",
  "library",
  "adapter",
  "network",
];
/** No case may take so long, whatever else the machine does. */
const HANG = 20_000;
const MEMORY = "--max-old-space-size=1024";

async function bundle() {
  const { build } = await import("vite");
  mkdirSync(FOLDER, { recursive: true });
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true },
    build: {
      ssr: join(ROOT, "test/hostile/fuzz.ts"),
      outDir: FOLDER,
      emptyOutDir: true,
      minify: false,
      target: "es2022",
    },
  });
}

/** Runs the bundle; resolves to its exit code, and to the case it was at when it had to be stopped or died. */
function runBundle(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MEMORY, join(FOLDER, "fuzz.js"), args[0], ROOT, ...args.slice(1)], {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
    });
    let last = "";
    const caseNow = () => readFileSync(join(FOLDER, "progress"), "utf8").trim();
    const watch =
      args[0] === "run" &&
      setInterval(() => {
        const now = caseNow();
        if (now !== "" && now === last) child.kill("SIGKILL");
        last = now;
      }, HANG);
    child.on("close", (code) => {
      clearInterval(watch);
      resolve({ code, at: code === 0 || code === 1 || args[0] !== "run" ? undefined : caseNow() });
    });
  });
}

/** Fuzzes one kind. Resolves to whether nothing was found. */
async function fuzz(kind, seconds, seed) {
  const until = performance.now() + 1000 * seconds;
  let first = 0;
  let clean = true;
  while (true) {
    const left = (until - performance.now()) / 1000;
    if (left <= 0) return clean;
    const { code, at } = await runBundle(["run", kind, String(seed), String(left), String(first)]);
    clean &&= code === 0;
    if (at === undefined) return clean;
    await runBundle(["keep", kind, String(seed), "0", at]);
    first = Number(at) + 1;
  }
}

/** Every kind for so many seconds, or the one that is named. Resolves to { passed, failed }, counted in kinds. */
export async function fuzzAll(kinds, seconds, seed) {
  await bundle();
  const tried = join(FOLDER, "tried");
  writeFileSync(tried, "");
  let failed = 0;
  for (const kind of kinds) failed += (await fuzz(kind, seconds, seed)) ? 0 : 1;
  const cases = readFileSync(tried, "utf8").split("\n").map(Number);
  console.log(
    `${cases.reduce((sum, count) => sum + count)} bad inputs tried, of ${kinds.length} kinds; ${failed} kinds with a finding`,
  );
  return { passed: kinds.length - failed, failed };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [kind = "all", seconds = "10", seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
  if (kind === "make") {
    await bundle();
    const { code } = await runBundle(["make"]);
    process.exitCode = code ?? 1;
  } else {
    if (kind !== "all" && !KINDS.includes(kind)) throw new Error(`${kind} is no kind; there are ${KINDS.join(", ")}`);
    console.log(`seed ${seed}`);
    const { passed, failed } = await fuzzAll(kind === "all" ? KINDS : [kind], Number(seconds), Number(seed));
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
  }
}
