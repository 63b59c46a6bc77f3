// Redaction end to end on a trained model: what it finds in a text that is longer than the model was made for.
import { expect, test } from "vitest";
import { pipeline } from "../../src/tasks/pipeline.js";
import { redact } from "../../src/tasks/redact.js";

test.skipIf(!__HAS_SHARED__)("nothing personal is left at the end of a long text", async () => {
  const find = await pipeline("redact", "/shared/models/tiny-redact/");
  const letter =
    "My name is Maria Lopez, call me on +44 20 7946 0958 or write to maria.lopez@example.com. " +
    "Transfer $500 to IBAN DE89 3704 0044 0532 0130 00.";
  const text = `${"The meeting about the new budget is on Tuesday and will not be long. ".repeat(60)}${letter}`;
  expect(find.tokenizer.encode(text, undefined, { truncation: false }).ids.length).toBeGreaterThan(900);
  const entities = await find(text);
  const ofLetter = entities.filter(({ start }) => start >= text.length - letter.length);
  expect(ofLetter.map(({ word, source }) => [word, source])).toEqual([
    ["Maria Lopez", "model"],
    ["+44 20 7946 0958", "rule"],
    ["maria.lopez@example.com", "rule"],
    ["$500", "model"],
    ["DE89 3704 0044 0532 0130 00", "rule"],
  ]);
  expect(redact(text, ofLetter).slice(-120)).toContain("[PERSON], call me on [PHONE] or write to [EMAIL].");
  await find.dispose();
});
