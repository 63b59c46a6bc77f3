// What `npm run fuzz` runs, bundled by tools/fuzz.mjs, which watches it. The number of each case is written to a file before it is
// tried, so that whoever stops a hanging run knows which case it was.
import { appendFileSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { judge } from "./judge.js";
import { ALL_KINDS, isKind, type Kind, made, probeOf, source } from "./kinds.js";
import { closeNetwork } from "./network.js";
import { pack, unpack } from "./pack.js";
import { sizeOf } from "./probes.js";

const [task = "", root = "", kindName = "", seedText = "1", secondsText = "10", firstText = "0"] =
  process.argv.slice(2);
const folder = join(root, "test/fixtures/hostile");
const [seed, seconds, first] = [Number(seedText), Number(secondsText), Number(firstText)];

/** Adds a case to those that the corpus test replays. */
function keep(kind: Kind, n: number, why: string): void {
  const file = join(folder, `${kind}.found.jsonl`);
  const known = existsSync(file) ? unpack(kind, readFileSync(file, "utf8")) : [];
  const name = `seed ${seed}, case ${n}: ${why.slice(0, 120)}`;
  const files = source(kind, seed)(n);
  if (!known.some((one) => one.name === name))
    writeFileSync(file, pack([...known, { kind, name, expect: "any", files }]));
  console.log(`FOUND ${kind}, ${name}`);
}

async function run(kind: Kind): Promise<void> {
  const next = source(kind, seed);
  const progress = openSync(join(root, ".cache/fuzz/progress"), "w");
  const outcomes = new Map<string, number>();
  const until = performance.now() + 1000 * seconds;
  let n = first;
  for (; performance.now() < until; n++) {
    writeSync(progress, String(n).padEnd(16), 0);
    const files = next(n);
    try {
      const { outcome } = await judge(() => probeOf(kind)(files), sizeOf(files));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      keep(kind, n, (error as Error).message);
      outcomes.set("found", (outcomes.get("found") ?? 0) + 1);
    }
  }
  await closeNetwork();
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  console.log(`${kind}, seed ${seed}: ${n - first} cases in ${seconds.toFixed(1)} s: ${counts}`);
  appendFileSync(join(root, ".cache/fuzz/tried"), `${n - first}\n`);
  if (outcomes.has("found")) process.exitCode = 1;
}

if (task === "make") for (const kind of ALL_KINDS) writeFileSync(join(folder, `${kind}.jsonl`), pack(made(kind)));
else if (!isKind(kindName)) throw new Error(`${kindName} is no kind; there are ${ALL_KINDS.join(", ")}`);
else if (task === "keep") keep(kindName, first, "hangs, or dies");
else await run(kindName);
