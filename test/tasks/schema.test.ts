// GLiNER2's schemas where something repeats, is empty or is a number; expected values are what the library's own code makes of them.
import { expect, test } from "vitest";
import { checkSchema } from "../../src/tasks/extraction/schema.js";
import { findings, type ReadText } from "../../src/tasks/extraction/schema-findings.js";

const NONE: ReadText = { text: "", words: [], prefix: [] };

test("names keep their order, numbers too, and count once", () => {
  const parts = checkSchema("test", { entities: ["person", "10", "2", "person"], relations: ["knows", "3"] });
  expect(parts.map(({ name }) => name)).toEqual(["entities", "knows", "3"]);
  expect(parts[0]!.fields.map(({ name }) => name)).toEqual(["person", "10", "2"]);
});

test("a part without fields is not asked for", () => {
  const parts = checkSchema("test", { entities: [], structures: { none: [], some: ["who"] } });
  expect(parts.map(({ name }) => name)).toEqual(["some"]);
});

test("of fields with the same name the last counts, in the place of the first", () => {
  const [part] = checkSchema("test", { structures: { move: ["who::a name", "to", "who::str"] } });
  expect(part!.prompt).toBe("move [DESCRIPTION] who: a name");
  expect(part!.fields.map(({ name, isList }) => [name, isList])).toEqual([
    ["who", false],
    ["to", true],
  ]);
});

test.each([
  ["list", [3, 2, 4, 1], ["happy", "sad"]],
  ["str", [3, 2, 4, 1], "sad"],
  ["str", [3, 2, 4, 5], null], // the best is no choice at all
] as const)("choices of a %s with logits %j", (dtype, logits, wanted) => {
  const choices = ["happy", "Happy", "sad", ""];
  const parts = checkSchema("test", { structures: { move: [{ name: "mood", dtype, choices }] } });
  const prefix = ["(", "move:", "mood", "(", "happy", "|", "Happy", "|", "sad", "|", "", ")", ")"];
  const data = Float32Array.from(prefix, (element) => logits[choices.indexOf(element)] ?? -9);
  const spans = { data, shape: [1, 1, prefix.length, 1] };
  const scores = [{ classes: new Float32Array(0), count: 1, spans }];
  const [found] = findings(parts, scores, { ...NONE, prefix }, { threshold: 0.5, overlapPolicy: undefined });
  const texts = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(texts) : ((value as { text: string } | null)?.text ?? null);
  const rows = found?.kind === "structures" ? found.rows! : [];
  expect(rows.length === 0 ? null : texts(rows[0]!["mood"])).toEqual(wanted);
});
