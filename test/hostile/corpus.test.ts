// The hostile files that lie in the project: each ends as it says, soon, with little memory. `npm run fuzz -- make` writes them
// from test/hostile/made; what the fuzzer finds lies beside them.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { judge } from "./judge.js";
import { ALL_KINDS, made, probeOf } from "./kinds.js";
import { closeNetwork } from "./network.js";
import type { Case } from "./made/case.js";
import { unpack } from "./pack.js";
import { sizeOf } from "./probes.js";

const folder = new URL("../fixtures/hostile/", import.meta.url);
const read = (name: string): string => {
  const file = new URL(name, folder);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const corpus = ALL_KINDS.map((kind) => {
  const text = read(`${kind}.jsonl`);
  const found = unpack(kind, read(`${kind}.found.jsonl`));
  return { kind, text, cases: [...unpack(kind, text), ...found] };
});

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** Answers of a network take time: of those every so many-th in the short run. */
const SHORT = 5;

afterAll(closeNetwork);

test("there are many, of every kind, in little space", () => {
  expect(corpus.reduce((sum, { cases }) => sum + cases.length, 0)).toBeGreaterThan(300);
  for (const { kind, cases } of corpus) expect(cases.length, kind).toBeGreaterThan(25);
  const sizes = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2 << 20);
});

describe.each(corpus)("$kind", ({ kind, text, cases }) => {
  test("the files are those that are made", () => {
    const told = (all: readonly Case[]) =>
      all.map(({ name, expect: outcome, files }) => [
        name,
        outcome,
        ...[...files].flatMap(([file, bytes]) => [file, sha256(bytes)]),
      ]);
    expect(told(unpack(kind, text))).toEqual(told(made(kind)));
  });

  test.each(cases.filter((_, i) => __LONG__ || kind !== "network" || i % SHORT === 0))(
    "$name: $expect",
    async ({ files, expect: wanted }) => {
      const { outcome, message } = await judge(() => probeOf(kind)(files), sizeOf(files));
      if (wanted !== "any") expect(outcome, message).toBe(wanted);
    },
  );
});
