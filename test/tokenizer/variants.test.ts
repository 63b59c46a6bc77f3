// Variants of every field of the small files beside a vocabulary, alone and in seeded mixtures, against Transformers 4.57 and 5: what
// either loads is loaded here, and answers as one of them does; what both refuse ends in an error of ours or loads, too. The stored
// answers were made by test/fixtures/variants/make_tokenizers.py.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf, readFolder } from "./support/folders.js";

interface Answer {
  readonly error?: string;
  readonly ids: number[][];
  readonly decode: string[];
  readonly skip: string[];
  readonly left: number[][];
  readonly special: [string, number][];
  readonly max: number | null;
}

interface Case {
  readonly model: "spm" | "json";
  readonly files: Readonly<Record<string, object>>;
  /** Numbers of answers: Transformers 4's two classes, and version 5's one. */
  readonly fast: number;
  readonly slow?: number;
  readonly five: number;
}

const at = (path: string): string => new URL(`../fixtures/${path}`, import.meta.url).pathname;
const stored = JSON.parse(readFileSync(at("variants/tokenizers.json"), "utf8")) as {
  texts: string[];
  answers: Answer[];
  cases: Case[];
};
const models = {
  spm: readFolder(at("variants"), ["spm.model"]),
  json: readFolder(at("tokenizer/transformers-5"), ["tokenizer.json"]),
};

function answerOf(tokenizer: DebertaV2Tokenizer | DebertaV2TokenizerFast): Answer {
  const ids = stored.texts.map((text) => tokenizer.encode(text).ids);
  const left = tokenizer.encodeBatch(["Hello world of words", "a"], { padding: true, truncation: true, maxLength: 5 });
  const special = tokenizer.allSpecialTokens;
  return {
    ids,
    decode: ids.map((each) => tokenizer.decode(each)),
    skip: ids.map((each) => tokenizer.decode(each, { skipSpecialTokens: true })),
    left: left.map((each) => each.ids),
    special: [...new Set(special)]
      .map((token) => [token, tokenizer.convertTokensToIds(token)] as [string, number])
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    max: tokenizer.modelMaxLength === Infinity ? null : tokenizer.modelMaxLength,
  };
}

/** Refused although Python goes on, each with another meaning than was meant. */
const REFUSED: readonly RegExp[] = [
  /^tokenizer_config\.json: do_lower_case is "false"/, // a text is true
  / is no token id /, // no row of any table
  /additional_special_tokens(\[0\])? is not a (list|token)/, // version 5 overlooks it
  /sp_model_kwargs/, // sentencepiece's own options
];

/** Fields of the files where one has changed: the base has two. */
const FIELDS = 3;

/** Python's slow class makes a token of the unknown token's name, even of none. */
const NAMELESS = /"unk_token":(""|\{\})/;

const named = (cases: readonly Case[]) => cases.map((each) => [JSON.stringify(each.files), each] as const);

async function check(
  Tokenizer: typeof DebertaV2Tokenizer | typeof DebertaV2TokenizerFast,
  { model, files, five }: Case,
  four: number,
): Promise<void> {
  const isFast = Tokenizer === DebertaV2TokenizerFast;
  const loaded = [four, five].map((number) => stored.answers[number]!).filter(({ error }) => error === undefined);
  let found: Answer;
  try {
    found = answerOf(await Tokenizer.fromPretrained(folderOf({ ...models[model], ...files })));
  } catch (error) {
    expect(error instanceof CheckpointError || error instanceof UnsupportedError, String(error)).toBe(true);
    if (!REFUSED.some((pattern) => pattern.test((error as Error).message))) expect(loaded, String(error)).toEqual([]);
    return;
  }
  const isOfFour = stored.answers[four]!.error === undefined;
  if (isOfFour && !isFast && NAMELESS.test(JSON.stringify(files))) return;
  if (isOfFour) expect(isFast ? loaded : [stored.answers[four]]).toContainEqual(found);
  // What only version 5 loads is held to its ids where one field is all that changed: it has no slow class, and reads others anew.
  const changed = Object.values(files).reduce((sum, file) => sum + Object.keys(file).length, 0);
  if (!isOfFour && isFast && loaded[0] && changed <= FIELDS)
    expect([found.ids, found.left, found.max]).toEqual([loaded[0].ids, loaded[0].left, loaded[0].max]);
}

describe("the fast class", () => {
  test.each(named(stored.cases))("%s", async (_, each) => {
    await check(DebertaV2TokenizerFast, each, each.fast);
  });
});

describe("the slow class", () => {
  const slow = stored.cases.filter((each) => each.slow !== undefined);
  test.each(named(slow))("%s", async (_, each) => {
    await check(DebertaV2Tokenizer, each, each.slow!);
  });
});
