import { expect, test } from "vitest";
import { redact } from "../../src/tasks/redact.js";

const TEXT = "Anna met Bob. Anna left, 😀 Bob stayed.";
const span = (word: string, label: string, from = 0, score = 0.9) => {
  const start = TEXT.indexOf(word, from);
  return { entity_group: label, start, end: start + word.length, score, word };
};
const PEOPLE = [span("Bob", "PERSON", 20), span("Anna", "PERSON"), span(" Bob", "PERSON"), span(" Anna", "PERSON", 5)];

test("every replacement, spans in any order, the space before a word stays", () => {
  expect(redact(TEXT, PEOPLE)).toBe("[PERSON] met [PERSON]. [PERSON] left, 😀 [PERSON] stayed.");
  expect(redact(TEXT, PEOPLE, { replacement: "numbered" })).toBe(
    "[PERSON 1] met [PERSON 2]. [PERSON 1] left, 😀 [PERSON 2] stayed.",
  );
  expect(redact(TEXT, PEOPLE, { replacement: "block" })).toBe("████ met ███. ████ left, 😀 ███ stayed.");
  expect(redact(TEXT, PEOPLE, { replacement: "remove" })).toBe(" met .  left, 😀  stayed.");
  expect(redact(TEXT, PEOPLE, { replacement: ({ word }) => word.trim().toUpperCase() })).toBe(
    "ANNA met BOB. ANNA left, 😀 BOB stayed.",
  );
  expect(redact(TEXT, [span("😀", "FACE")], { replacement: "block" })).toContain("left, █ Bob");
  expect(redact(TEXT, [])).toBe(TEXT);
});

test("spans of entity extraction have a label", () => {
  const [start, end] = [TEXT.indexOf("Bob"), TEXT.indexOf("Bob") + 3];
  expect(redact(TEXT, [{ text: "Bob", label: "person", score: 0.9, start, end }])).toBe(
    "Anna met [person]. Anna left, 😀 Bob stayed.",
  );
});

test("of overlapping spans the more certain one counts, and nothing that any covers is shown", () => {
  const both = [span("Anna met Bob", "EVENT", 0, 0.6), span("Bob", "PERSON", 0, 0.9)];
  expect(redact(TEXT, both)).toBe("[EVENT] [PERSON]. Anna left, 😀 Bob stayed.");
});

test("labels of single tokens lose their B- and I-; a caller's mistakes", () => {
  expect(redact("Anna", [{ entity: "B-PER", start: 0, end: 4 }])).toBe("[PER]");
  expect(() => redact("Anna", [{ start: 0, end: 5 }])).toThrow(RangeError);
  expect(() => redact("Anna", [{ start: 0, end: 4 }], { replacement: "hide" as never })).toThrow(
    'replacement is "hide"',
  );
});
