// Installs the npm packages when they are missing or no longer those of package-lock.json, and says so. Only Node's own
// modules are used here: this runs first in a fresh clone.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The project's folder. */
export const ROOT = resolve(import.meta.dirname, "..");

const OLDEST_NODE = [20, 19];

/** The `packages` table of a lock file: path → { version, optional? }. */
function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {};
}

/** Why packages must be installed, or undefined when node_modules holds exactly what the lock file names. */
function reasonToInstall() {
  const installed = packagesIn(join(ROOT, "node_modules/.package-lock.json")); // npm's own note of what it installed
  if (Object.keys(installed).length === 0) return "node_modules is missing";
  const wanted = Object.entries(packagesIn(join(ROOT, "package-lock.json"))).filter(([path]) => path !== "");
  // Packages for other platforms are optional and absent.
  const differs = wanted.find(([path, { version, optional }]) =>
    path in installed ? installed[path].version !== version : !optional,
  );
  return differs && `${differs[0]} is not the version that package-lock.json names`;
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    throw new Error(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE.join(".")} or newer.`);
}

/** Makes sure that the packages are there. Throws with what to do by hand when they cannot be installed. */
export function setUp() {
  checkNode();
  const reason = reasonToInstall();
  if (!reason) return;
  console.log(`Installing npm packages (${reason}) ...`);
  const started = performance.now();
  // npm is a shell script on Windows.
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: ROOT,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (npm.status !== 0) {
    const tail = `${npm.stdout ?? ""}${npm.stderr ?? ""}${npm.error?.message ?? ""}`.trim().split("\n").slice(-8);
    throw new Error(
      `npm ci failed:\n  ${tail.join("\n  ")}\n` +
        "Install by hand: Node 20.19 or newer with npm, a connection to the npm registry, then run `npm ci` here.",
    );
  }
  console.log(`  done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/** Runs a program's main function; prints what went wrong without a stack and exits with 1. */
export function runMain(main) {
  Promise.resolve()
    .then(main)
    .catch((error) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    });
}
