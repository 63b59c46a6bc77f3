// spm.model: a vocabulary of twelve pieces, with wrong lengths, kinds, scores and texts; and the JSON files beside it.
import { type Case, Cases, concat, little, utf8 } from "./case.js";

const FILE = "spm.model";

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const tag = (number: number, wire: number): Uint8Array => varint(8 * number + wire);
const bytesField = (number: number, ...parts: readonly (Uint8Array | string)[]): Uint8Array => {
  const body = concat(...parts);
  return concat(tag(number, 2), varint(body.length), body);
};
const numberField = (number: number, value: number | bigint): Uint8Array => concat(tag(number, 0), varint(value));
const floatField = (number: number, value: number): Uint8Array =>
  concat(tag(number, 5), new Uint8Array(Float32Array.of(value).buffer));

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER = 4;
const BYTE = 6;

const piece = (text: string | Uint8Array, score: number, type: number = NORMAL): Uint8Array =>
  bytesField(1, bytesField(1, text), floatField(2, score), numberField(3, type));

export const PIECES: readonly Uint8Array[] = [
  piece("[PAD]", 0, CONTROL),
  piece("[CLS]", 0, CONTROL),
  piece("[SEP]", 0, CONTROL),
  piece("[UNK]", 0, UNKNOWN),
  piece("\u2581", -2),
  piece("\u2581the", -3),
  piece("a", -4),
  piece("t", -4.5),
  piece("e", -5),
  piece("\u2581tea", -6),
  piece("store", -7),
  piece("[MASK]", 0, USER),
];
const TRAINER = bytesField(2, numberField(3, 1), numberField(40, 3));
const NORMALIZER = bytesField(3, bytesField(1, "identity"));
const model = (...more: readonly Uint8Array[]): Uint8Array => concat(...PIECES, TRAINER, NORMALIZER, ...more);
export const GOOD_MODEL: Uint8Array = model();

/** A char map whose trie has these units and whose texts are `texts`. */
const charsMap = (units: readonly number[], texts: string): Uint8Array =>
  bytesField(3, bytesField(2, little(4 * units.length, 4), ...units.map((unit) => little(unit, 4)), texts));

export function sentencepiece(): Case[] {
  const cases = new Cases("sentencepiece");
  const bytes = (name: string, expect: Case["expect"], file: Uint8Array | string): void =>
    cases.add(name, expect, { [FILE]: utf8(file) });
  const bad = (name: string, ...parts: readonly Uint8Array[]): void => bytes(name, "CheckpointError", concat(...parts));
  const good = (name: string, ...parts: readonly Uint8Array[]): void => bytes(name, "loads", concat(...parts));

  good("plain", GOOD_MODEL);
  good("unknown fields", model(bytesField(9, "x"), numberField(77, 1), floatField(78, 1)));
  good("a group that is skipped", model(tag(9, 3), numberField(1, 1), tag(9, 4)));
  good("fields of another wire type", model(numberField(1, 7), numberField(2, 7)));
  good("an enum's value that nobody knows", concat(...PIECES, bytesField(2, numberField(3, 99))));
  good("a piece given to the prototype", model(piece("__proto__", -9), piece("constructor", -9)));

  bad("empty", new Uint8Array());
  for (const count of [1, 2, 17]) bad(`cut by ${count}`, GOOD_MODEL.slice(0, GOOD_MODEL.length - count));
  bad("no pieces", TRAINER);
  bad("only the unknown piece", PIECES[3]!);
  bad("no unknown piece", ...PIECES.slice(0, 3), ...PIECES.slice(4));
  bad("two unknown pieces", model(piece("<unk>", 0, UNKNOWN)));
  bad("an empty piece", model(piece("", -1)));
  bad("a piece without a text", model(bytesField(1, floatField(2, -1))));
  bad("a piece with a zero byte", model(piece("a\0b", -1)));
  bad("a piece of 8 000 letters", model(piece("x".repeat(8000), -1)));
  for (const score of [NaN, Infinity, -Infinity]) bad(`a score of ${score}`, model(piece("z", score)));
  bad("a piece twice", model(piece("store", -8)));
  bad("a byte piece without byte_fallback", model(piece("<0x41>", 0, BYTE)));
  const fallback = bytesField(2, numberField(3, 1), numberField(35, 1));
  bad("byte_fallback without byte pieces", concat(...PIECES, fallback));
  bad("a byte piece of another name", concat(...PIECES, fallback, piece("<0xZZ>", 0, BYTE)));
  bad("a field of 2⁶³ bytes", model(tag(1, 2), varint(2n ** 63n)));
  bad("a field longer than the file", model(tag(1, 2), varint(1000)));
  bad("a field within a piece that leaves it", model(bytesField(1, tag(1, 2), varint(100), utf8("abc"))));
  bad("a number of eleven bytes", model(Uint8Array.from([...new Array<number>(11).fill(0x80), 1])));
  bad("a tag that breaks off", model(Uint8Array.of(0x80)));
  bad("field number 0", model(Uint8Array.of(0, 1)));
  bad("wire type 6", model(Uint8Array.of(0x0e)));
  bad("wire type 7", model(Uint8Array.of(0x0f)));
  bad("a group that never ends", model(tag(9, 3)));
  bad("an end without a group", model(tag(9, 4)));
  bad("a group that another ends", model(tag(9, 3), tag(8, 4)));
  bad(
    "200 nested groups",
    model(...new Array<Uint8Array>(200).fill(tag(9, 3)), ...new Array<Uint8Array>(200).fill(tag(9, 4))),
  );
  bytes("100 000 nested groups", "CheckpointError", model(new Uint8Array(100_000).fill(tag(9, 3)[0]!)));
  for (const [type, name] of [
    [2, "bpe"],
    [3, "word"],
    [4, "char"],
  ] as const)
    bytes(`a ${name} model`, "UnsupportedError", concat(...PIECES, bytesField(2, numberField(3, type)), NORMALIZER));
  const maps: Readonly<Record<string, Uint8Array>> = {
    "of 3 bytes": bytesField(3, bytesField(2, "abc")),
    "whose trie is longer than it": bytesField(3, bytesField(2, little(1000, 4), "abcd")),
    "whose trie has 2³² − 1 bytes": bytesField(3, bytesField(2, little(2 ** 32 - 1, 4), "abcd")),
    "whose trie has no whole units": bytesField(3, bytesField(2, little(3, 4), "abcdefg")),
  };
  for (const [name, map] of Object.entries(maps)) bad(`a character map ${name}`, ...PIECES, TRAINER, map);
  const wild = Array.from({ length: 256 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0);
  bytes("a character map of wild units", "any", concat(...PIECES, TRAINER, charsMap(wild, "x\0")));
  bytes(
    "a character map that leads to itself",
    "any",
    concat(...PIECES, TRAINER, charsMap(new Array<number>(256).fill(0x400), "x\0")),
  );
  bytes(
    "a character map without texts",
    "any",
    concat(...PIECES, TRAINER, charsMap(new Array<number>(256).fill(0x80000000), "")),
  );
  bytes("a page in its place", "CheckpointError", "<!doctype html><title>Sign in</title>");
  bytes("a JSON in its place", "CheckpointError", `{"model": {"type": "Unigram"}}`);
  bytes(
    "a Git LFS pointer in its place",
    "CheckpointError",
    `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`,
  );

  const beside = (name: string, expect: Case["expect"], file: string, json: unknown): void =>
    cases.add(`${file}: ${name}`, expect, {
      [FILE]: GOOD_MODEL,
      [file]: typeof json === "string" ? json : JSON.stringify(json),
    });
  const config = "tokenizer_config.json";
  for (const file of [config, "special_tokens_map.json", "added_tokens.json"]) {
    beside("a list", "CheckpointError", file, []);
    beside("null", "CheckpointError", file, "null");
    beside("half a JSON", "CheckpointError", file, "{");
    beside("empty", "CheckpointError", file, "");
  }
  for (const [field, values] of Object.entries({
    do_lower_case: ["yes", 1, [], null],
    split_by_punct: ["no", {}],
    padding_side: ["up", 1, null],
    truncation_side: ["none", []],
    model_max_length: [0, -1, "512", [], null, {}],
    added_tokens_decoder: [
      [],
      "x",
      7,
      { "-1": { content: "x" } },
      { x: { content: "x" } },
      { "4": "x" },
      { "4": {} },
      { "4": { content: 7 } },
    ],
    unk_token: [7, [], true, {}, { content: 1 }],
    mask_token: [[["[MASK]"]], { content: null }],
    additional_special_tokens: ["x", { a: 1 }, [7], [null], [{}]],
  }))
    for (const value of values) {
      // By Python, too; test/tokenizer/variants.test.ts holds what they give.
      const isTaken = typeof value === "number" && (field === "do_lower_case" || field === "model_max_length");
      const isNull =
        value === null && (field === "model_max_length" || field.startsWith("do_") || field.endsWith("_side"));
      beside(`${field} ${JSON.stringify(value)}`, isNull || isTaken ? "any" : "CheckpointError", config, {
        [field]: value,
      });
    }
  beside("hooks and templates, which nobody runs", "loads", config, {
    auto_map: { AutoTokenizer: ["evil.T", null] },
    chat_template: "{{ x }}",
  });
  beside(
    "fields of prototypes",
    "loads",
    config,
    `{"__proto__": {"do_lower_case": 7}, "constructor": {"prototype": 1}}`,
  );
  beside(
    "tokens named as prototypes are",
    "loads",
    "added_tokens.json",
    `{"__proto__": 12, "constructor": 13, "toString": 14}`,
  );
  for (const id of ["-1", "1.5", `"12"`, "1e400", "null", "9007199254740993", "{}"])
    beside(`an id ${id}`, "CheckpointError", "added_tokens.json", `{"[X]": ${id}}`);
  beside(
    "20 000 tokens that begin alike",
    "any",
    "added_tokens.json",
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`aaaa${i}`, 12 + i])),
  );
  return cases.all;
}
