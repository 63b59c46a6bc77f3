// Templates against what Python's str.format made of them (3.12; null: it raised).
import { expect, test } from "vitest";
import cases from "../fixtures/python-format.json" with { type: "json" };
import { pythonFormat } from "../../src/tasks/python-format.js";

test("every template gives what Python gives, or is refused as there", () => {
  const differences = (cases as [string, string, string | null][]).filter(([template, text, expected]) => {
    try {
      return pythonFormat(template, text) !== expected;
    } catch (error) {
      return expected !== null || !(error instanceof TypeError || error instanceof RangeError);
    }
  });
  expect(differences).toEqual([]);
});

test("attributes, which Python has of texts, are refused", () => {
  expect(() => pythonFormat("{0.upper}", "a")).toThrow(RangeError);
});
