// Characters that pass for plain ones, and where each stands in the original.
import { expect, test } from "vitest";
import { plainForm } from "../../../src/tasks/redaction/plain-form.js";

test.each([
  ["ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "anna@example.com"],
  ["４１１１\u00a01111\u20111111–1111", "4111 1111-1111-1111"],
  ["٤١١١ ۴۱۱۱ ४१११ 𝟜𝟙𝟙𝟙 ⁴", "4111 4111 4111 4111 4"],
  ["𝒂𝐧𝑛𝘢 ﬁx", "anna fix"],
  ["раypal.com аnnа", "paypal.com anna"],
  ["ma\u200bri\u00ada\ufeff", "maria"],
  ["DЕ89 ВЕ71", "DE89 BE71"],
  ["мама мыла раму, Αθήνα, Müller, 東京。", "мама мыла раму, Αθήνα, Müller, 東京."],
  ["USB-кабель", "USB-кабель"],
  ["👍🏽 don’t", "👍🏽 don’t"],
])("%s reads %s", (text, plain) => {
  expect(plainForm(text).text).toBe(plain);
});

test("spans of the plain text lie where the original has them", () => {
  const text = "😀 ma\u200bria ＠ ﬁn 𝟙𝟚";
  const form = plainForm(text);
  const { text: plain } = form;
  const original = (start: number, end: number) => form.original(start, end);
  expect(plain).toBe("😀 maria @ fin 12");
  const at = (word: string) => {
    const start = plain.indexOf(word);
    return text.slice(...original(start, start + word.length));
  };
  expect(at("maria")).toBe("ma\u200bria");
  expect(at("@")).toBe("＠");
  expect(at("f")).toBe("ﬁ"); // half a ligature is the whole of it
  expect(at("2")).toBe("𝟚");
  expect(at("😀")).toBe("😀");
  expect(original(plain.length, plain.length)).toEqual([text.length, text.length]);
});
