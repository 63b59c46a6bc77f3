// Would the golden cases notice the usual porting mistakes? Each case.json tells by how much every mistake moves its final
// output; the best case must show it far above the tolerance.
import { describe, expect, test } from "vitest";
import { readJson, SHARED } from "../support/golden-node.js";
import type { GoldenCase } from "./golden.js";

interface CaseFile {
  readonly name: string;
  /** By mistake: how far it moves the output, in multiples of the float32 tolerance. */
  readonly mutants: Readonly<Record<string, { readonly x32: number }>>;
}

const LEAST = 8;

const models = `${SHARED ?? ""}/golden/models`;
const cases = SHARED
  ? (readJson(`${models}/index.json`) as { cases: GoldenCase[] }).cases.map(
      ({ name }) => readJson(`${models}/${name}/case.json`) as CaseFile,
    )
  : [];
const mistakes = [...new Set(cases.flatMap(({ mutants }) => Object.keys(mutants)))].sort();

describe.skipIf(!SHARED)("mutants (needs the shared folder)", () => {
  test("there are some", () => expect(mistakes.length).toBeGreaterThan(15));

  test.each(mistakes)("%s would be caught", (mistake) => {
    const shows = cases.map(({ mutants }) => mutants[mistake]?.x32 ?? 0);
    expect(Math.max(...shows)).toBeGreaterThanOrEqual(LEAST);
  });
});
