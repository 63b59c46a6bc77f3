// The whole task on a real tokenizer and a model that says what each token is by a word list: windows, the joining of what
// model and rules find, offsets in the original.
import { beforeAll, expect, test } from "vitest";
import { readFile } from "node:fs/promises";
import { join } from "../../../src/tasks/redaction/join.js";
import { redaction } from "../../../src/tasks/redaction/redaction.js";
import { redact } from "../../../src/tasks/redact.js";
import { tokenClassification, type TokenClassifierModel } from "../../../src/tasks/token-classification.js";
import { DebertaV2TokenizerFast } from "../../../src/tokenizer/tokenizer-fast.js";

const FOLDER = new URL("../../../demo/public/models/redact/", import.meta.url);
const LABELS = ["O", "B-PERSON", "I-PERSON", "B-EMAIL", "I-EMAIL"];
const WINDOW = 24; // tokens

let tokenizer: DebertaV2TokenizerFast;
beforeAll(async () => {
  const settings = JSON.parse(await readFile(new URL("tokenizer_config.json", FOLDER), "utf8")) as object;
  const files = [
    new File([JSON.stringify({ ...settings, model_max_length: WINDOW })], "tokenizer_config.json"),
    ...(await Promise.all(
      ["spm.model", "config.json"].map(async (name) => new File([await readFile(new URL(name, FOLDER))], name)),
    )),
  ];
  tokenizer = await DebertaV2TokenizerFast.fromPretrained(files);
});

/** Says of tokens whether they belong to the names; windows it has read are counted. */
function doubles(names: readonly string[], certainty = 3) {
  const calls: number[][][] = [];
  const parts = new Set(names.flatMap((name) => tokenizer.encode(name, undefined, { addSpecialTokens: false }).ids));
  const model: TokenClassifierModel = {
    config: { id2label: new Map(LABELS.entries()) },
    forward: ({ inputIds }) => {
      calls.push(inputIds);
      const columns = Math.max(...inputIds.map((row) => row.length));
      const data = new Float32Array(inputIds.length * columns * LABELS.length);
      inputIds.forEach((row, index) =>
        row.forEach((id, at) => (data[(index * columns + at) * LABELS.length + (parts.has(id) ? 2 : 0)] = certainty)),
      );
      return Promise.resolve({ logits: { data, shape: [inputIds.length, columns, LABELS.length] } });
    },
    dispose: () => undefined,
  };
  return { loaded: { model, tokenizer }, calls };
}

const FILLER = "the meeting is on tuesday and it will not be long. ".repeat(6);

test("a name far behind the model's length is found; the cut result of token classification is refused", async () => {
  const text = `${FILLER}Ask Anna. ${FILLER}`;
  const { loaded, calls } = doubles(["Anna"]);
  const find = redaction(loaded);
  const found = await find(text);
  expect(found.map(({ word }) => word)).toEqual(["Anna"]);
  expect(redact(text, found)).toBe(text.replace("Anna", "[PERSON]"));
  expect(calls[0]!.length).toBeGreaterThan(4);
  expect(Math.max(...calls[0]!.map((row) => row.length))).toBeLessThanOrEqual(WINDOW);

  const classify = tokenClassification(loaded, { aggregationStrategy: "simple" });
  const cut = await classify(text);
  expect(cut).toEqual([]);
  expect(() => redact(text, cut)).toThrow(/read up to \d+ of \d+/);
  const whole = await classify(text, { stride: 4 });
  expect(redact(text, whole)).toContain("[PERSON]");
  const [short, long] = await classify(["Ask Anna.", text]);
  expect(redact("Ask Anna.", short!)).toBe("Ask [PERSON].");
  expect(() => redact(text, long!)).toThrow(RangeError);
});

test("rules and model together, each entity says who found it, in the order of the text", async () => {
  const find = redaction(doubles(["Anna", "Peter"]).loaded);
  const text = "Anna, a＠b.example, 4111 1111 1111 1111, Peter";
  const found = await find(text);
  expect(found.map(({ entity_group, source, word, score }) => [entity_group, source, word, score === 1])).toEqual([
    ["PERSON", "model", "Anna", false],
    ["EMAIL", "rule", "a＠b.example", true],
    ["CARD", "rule", "4111 1111 1111 1111", true],
    ["PERSON", "model", "Peter", false],
  ]);
  for (const { start, end, word } of found) expect(text.slice(start, end)).toBe(word);
  expect((await find(text, { rules: false })).map(({ word }) => word)).toEqual(["Anna", "Peter"]);
  expect((await find(text, { rules: ["card"] })).length).toBe(3);
  expect(await find([])).toEqual([]);
  expect((await find([text, "Peter"])).map((each) => each.length)).toEqual([4, 1]);
});

test("a disguised name is read as its plain form", async () => {
  const find = redaction(doubles(["Anna"]).loaded);
  const text = "Ask Аnn\u200bа, ａｓｋ Ａｎｎａ.";
  expect(redact(text, await find(text))).toBe("Ask [PERSON], ａｓｋ [PERSON].");
});

test("half a word becomes the whole word", async () => {
  const { loaded } = doubles([]);
  const id = tokenizer.encode("unbelievably", undefined, { addSpecialTokens: false }).ids.at(-1)!;
  const forward = loaded.model.forward.bind(loaded.model);
  loaded.model.forward = async (inputs, options) => {
    const { logits } = await forward(inputs, options);
    inputs.inputIds[0]!.forEach((token, at) => token === id && logits.data.fill(9, at * 5 + 1, at * 5 + 2));
    return { logits };
  };
  expect((await redaction(loaded)("So unbelievably long")).map(({ word }) => word)).toEqual(["unbelievably"]);
});

test("with O not ignored, the words outside come too, each by itself", async () => {
  const find = redaction(doubles(["Anna"]).loaded);
  const found = await find("Ask Anna now", { ignoreLabels: [] });
  expect(found.map(({ entity_group: label, word }) => `${label} ${word}`)).toEqual(["O Ask", "PERSON Anna", "O now"]);
});

test("a caller's mistakes", async () => {
  const find = redaction(doubles([]).loaded);
  await expect(find(7 as never)).rejects.toThrow(TypeError);
  await expect(find("a", { rules: ["passport"] })).rejects.toThrow(RangeError);
  await expect(find("a", { aggregationStrategy: "none" as never })).rejects.toThrow(RangeError);
});

test("joining: the rule's label wins where both see something, what is left of the other stays hidden", () => {
  const text = "Maria maria@x.com Lopez, Rome";
  const span = (word: string, label: string, source: "model" | "rule", score: number) => {
    const start = text.indexOf(word);
    return { entity_group: label, source, score, start, end: start + word.length };
  };
  const joined = join(text, [
    span("Maria maria@x.com Lopez,", "PERSON", "model", 0.9),
    span("maria@x.com", "EMAIL", "rule", 1),
    span("aria@x.com Lopez", "EMAIL", "model", 0.6),
    span("Rome", "LOCATION", "model", 0.7),
    span("Lopez, Rome", "ADDRESS", "model", 0.4),
  ]);
  expect(joined.map(({ entity_group, source, start, end }) => [entity_group, source, text.slice(start, end)])).toEqual([
    ["PERSON", "model", "Maria"],
    ["EMAIL", "rule", "maria@x.com"],
    ["PERSON", "model", "Lopez"],
    ["LOCATION", "model", "Rome"],
  ]);
  const oneMail = join(text, [span("maria@x", "EMAIL", "rule", 1), span("x.com", "EMAIL", "model", 0.6)]);
  expect(oneMail.map(({ source, start, end }) => [source, text.slice(start, end)])).toEqual([["rule", "maria@x.com"]]);
});
