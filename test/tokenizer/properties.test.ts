// What must hold for any text (seeded): tokens in order and inside the text, every character that is no space covered,
// each token's slice normalises to the token; and linear time on texts that break naive code.
import { beforeAll, describe, expect, test } from "vitest";
import { standsAlone } from "../../src/tokenizer/text/aligned-text.js";
import { parsePieceModel } from "../../src/tokenizer/pieces/piece-model.js";
import { createSentencePiece, searchOptions } from "../../src/tokenizer/pieces/sentencepiece.js";
import { noTokens } from "../../src/tokenizer/tokens.js";
import { createUnigram } from "../../src/tokenizer/pieces/unigram.js";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf } from "./support/folders.js";
import { loadGoldens } from "./support/goldens.js";

const goldens = loadGoldens();
const golden = goldens.find(({ name }) => name === "deberta-v3") ?? goldens[0]!;
/** The small model of an outsider's clone has no character map. */
const folds = golden.name === "deberta-v3";
const source = folderOf({ "spm.model": golden.files["spm.model"]! });
let slow: DebertaV2Tokenizer;
let fast: DebertaV2TokenizerFast;

beforeAll(async () => {
  slow = await DebertaV2Tokenizer.fromPretrained(source);
  fast = await DebertaV2TokenizerFast.fromPretrained(source);
});

/** mulberry32: numbers in [0, 1). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FRAGMENTS =
  "the |Paris|ing|, |.|  |\n|\t|é|e\u0301|ﬁ|①|½|ＦＵＬＬ|ﾊﾟ|한|\u1112\u1161\u11ab|👨‍👩‍👧|🫸|🇫🇷|ß|İ|Σ|नमस्ते|日本語|\u0301|\u200d|\ufeff|\u0001|\u00a0|x|7|$5.00|don't|\u2581|\ud83d|[MASK]|ﷺ|a|b| ".split(
    "|",
  );

function texts(count: number, seed: number): string[] {
  const next = random(seed);
  const fragment = (): string => FRAGMENTS[Math.floor(next() * FRAGMENTS.length)]!;
  return Array.from({ length: count }, () => Array.from({ length: 1 + Math.floor(next() * 24) }, fragment).join(""));
}

describe.each(["slow", "fast"] as const)("%s offsets", (kind) => {
  const open = (): DebertaV2Tokenizer | DebertaV2TokenizerFast => (kind === "slow" ? slow : fast);

  test("are in order, inside the text, and never split a surrogate pair", () => {
    for (const text of texts(1500, 1)) {
      const { offsets, specialTokensMask } = open().encode(text);
      let last = 0;
      offsets.forEach(([start, end], i) => {
        if (specialTokensMask[i] === 1) return;
        expect(start <= end && end <= text.length, JSON.stringify(text)).toBe(true);
        // A ▁ that is put before a part has the range of the part's first character, as has that character.
        expect(end, JSON.stringify(text)).toBeGreaterThanOrEqual(last);
        for (const at of [start, end])
          expect(/[\ud800-\udbff]/.test(text.charAt(at - 1)) && /[\udc00-\udfff]/.test(text.charAt(at)), text).toBe(
            false,
          );
        last = Math.max(last, end);
      });
    }
  });

  test("cover every character that is no space", () => {
    // Letters that the character map neither drops nor reorders: what vanishes in normalising has no token to cover it.
    const plain = texts(1500, 2).map((text) =>
      text.replace(/[^\p{L}\p{N}\p{P}\p{Emoji_Presentation} ]|\p{M}|\u1112\u1161\u11ab|ﾊﾟ/gu, ""),
    );
    for (const text of plain) {
      const covered = new Set<number>();
      for (const [start, end] of open().encode(text).offsets) for (let at = start; at < end; at++) covered.add(at);
      for (let at = 0; at < text.length; at++)
        if (text[at] !== " " && text[at] !== "\u2581")
          expect(covered.has(at), `${JSON.stringify(text)} at ${at}`).toBe(true);
    }
  });

  test("cut out what normalises to the token", () => {
    // No ligatures here: a cut may fall inside of one, and then both tokens have the whole character's range or none of it.
    for (const text of texts(1500, 3).map((each) => each.replace(/[^ -~éß日本語ＦＵＬ]/gu, ""))) {
      const { tokens, offsets, specialTokensMask } = open().encode(text);
      tokens.forEach((token, i) => {
        if (
          specialTokensMask[i] === 1 ||
          token.startsWith("<0x") ||
          token === "[UNK]" ||
          token === "<unk>" ||
          token === "▁"
        )
          return;
        const slice = text
          .slice(...offsets[i]!)
          .normalize(folds ? "NFKC" : "NFC")
          .trim();
        expect(slice, JSON.stringify(text)).toBe(token.replace(/^▁/, ""));
      });
    }
  });
});

test("remembered words are cut as one search over the whole text cuts them", () => {
  const pieces = createSentencePiece(parsePieceModel(golden.files["spm.model"]!, "spm.model"), "spm.model");
  const whole = createSentencePiece(parsePieceModel(golden.files["spm.model"]!, "spm.model"), "spm.model");
  const search = createUnigram(whole.vocabulary.trie, searchOptions(whole.model));
  whole.engine = ({ bytes, length }) => search(bytes, 0, length);
  const words = texts(60, 4);
  const long = Array.from({ length: 6000 }, (_, i) => `${words[i % words.length]!} ${i * 7919}`).join(" ");
  for (const text of [...texts(800, 5), "1 ".repeat(4000) + "12345678901234567890", long]) {
    const [a, b] = [noTokens(false), noTokens(false)];
    pieces.encode(text, (unit) => unit, a);
    whole.encode(text, (unit) => unit, b);
    expect(a.ids.length).toBe(b.ids.length);
    expect(
      a.ids.findIndex((id, i) => id !== b.ids[i]),
      text.slice(0, 80),
    ).toBe(-1);
  }
});

test("a long part cut stretch by stretch gives what it gives as a whole", async () => {
  // An added token that holds a space may reach over words: with it the fast tokenizer looks at parts as a whole.
  const size = fast.vocabSize;
  const open = (token: string): Promise<DebertaV2TokenizerFast> =>
    DebertaV2TokenizerFast.fromPretrained(
      folderOf({
        "spm.model": golden.files["spm.model"]!,
        "special_tokens_map.json": { mask_token: "[MASK]" },
        "added_tokens.json": { "[MASK]": size, [token]: size + 1 },
      }),
    );
  const [stretches, whole] = [await open("\ue000\ue000"), await open("\ue000 \ue000")];
  const words = ["the", "quick,", "a-b", "[UNK]", "[mask]", "x.", "2024", "don't"];
  const next = random(7);
  const mixed = texts(1500, 6).map((text) => {
    const word = (): string => words[Math.floor(next() * words.length)]!;
    return `${next() < 0.5 ? word() : ""} ${text} ${word()} ${word()} ${text.slice(0, 9)} ${next() < 0.5 ? word() : ""}`;
  });
  for (const text of mixed.flatMap((each) => [each, each.trim(), each.replaceAll("  ", " ")])) {
    const { ids, tokens, offsets, wordIds } = stretches.encode(text);
    const other = whole.encode(text);
    expect([ids, tokens, offsets, wordIds], JSON.stringify(text)).toEqual([
      other.ids,
      other.tokens,
      other.offsets,
      other.wordIds,
    ]);
  }
});

test("characters that stand alone are clusters of their own", () => {
  const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });
  for (let code = 32; code < 0x10000; code++) {
    if (!standsAlone(code)) continue;
    const char = String.fromCharCode(code);
    expect([...clusters.segment(`a${char}${char}a`)].length, code.toString(16)).toBe(4);
  }
});

describe("linear time", () => {
  const SIZE = 1_000_000;
  const word = "thequickbrownfoxjumpsoverthelazydog";
  test.each([
    ["a line without spaces", (size: number) => word.repeat(Math.ceil(size / word.length)).slice(0, size)],
    ["one letter", (size: number) => "a".repeat(size)],
    ["spaces", (size: number) => " ".repeat(size)],
    ["combining marks", (size: number) => "e" + "\u0301".repeat(size / 2)],
    ["brackets", (size: number) => "[".repeat(size)],
    ["letters with marks", (size: number) => "i\u0307".repeat(size / 2)],
    ["flags", (size: number) => "🇩🇪".repeat(size / 4)],
  ])("%s", (_, make) => {
    for (const tokenizer of [slow, fast]) {
      const milliseconds = (size: number): number => {
        const text = make(size);
        const start = process.cpuUsage();
        tokenizer.encode(text);
        return process.cpuUsage(start).user / 1000;
      };
      milliseconds(SIZE / 8); // compiles
      const [eighth, all] = [milliseconds(SIZE / 8), milliseconds(SIZE)];
      expect(all, `${eighth} ms for an eighth`).toBeLessThan(8 * 4 * eighth + 500); // quadratic would be 64 ×
      expect(all).toBeLessThan(15_000);
    }
  });

  test("spaces before a token that takes white space along", async () => {
    const files = {
      "spm.model": golden.files["spm.model"]!,
      "special_tokens_map.json": { mask_token: { content: "[MASK]", lstrip: true } },
    };
    for (const type of [DebertaV2Tokenizer, DebertaV2TokenizerFast]) {
      const tokenizer = await type.fromPretrained(folderOf(files));
      const start = process.cpuUsage();
      tokenizer.encode(`${" ".repeat(SIZE)}x[MASK]`);
      expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000); // quadratic would be minutes
    }
  });
});
