// `deberta-webgpu/tokenizer` as a page loads it: built, minified and compressed. Small, no code made from text, the second
// engine in a chunk of its own, nothing of WebGPU.
// @vitest-environment node
import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { patchSentencePiece } from "../../tools/sentencepiece-plugin.js";
import { buildTokenizer, type BuiltTokenizer } from "./support/build.js";

let chunks: BuiltTokenizer["chunks"];
let first: BuiltTokenizer["first"];
let after: BuiltTokenizer["after"];

beforeAll(async () => {
  ({ chunks, first, after } = await buildTokenizer());
}, 60_000);

describe("the built tokenizer", () => {
  test("is at most 30 KB, minified and compressed, without the second engine", () => {
    const sizeOf = (list: readonly Rolldown.OutputChunk[]): number =>
      list.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
    const kilobytes = (list: readonly Rolldown.OutputChunk[]): string => (sizeOf(list) / 1000).toFixed(1);
    console.log(
      `deberta-webgpu/tokenizer: ${kilobytes(first)} KB gzip; ` +
        `for tokenizer.json ${kilobytes(after("tokenizer-json").slice(0, 1))} KB more`,
    );
    expect(sizeOf(first)).toBeLessThanOrEqual(30_000); // so that it does not creep up
  });

  test("loads SHA-256 only where integrity is asked for", () => {
    const hashing = chunks.filter(({ code }) => code.includes("0x428a2f98") || code.includes("1116352408"));
    expect(hashing).toHaveLength(1);
    expect(first).not.toContain(hashing[0]);
  });

  test("exports both classes", () => {
    expect(first[0]!.exports.sort()).toEqual(["DebertaV2Tokenizer", "DebertaV2TokenizerFast"]);
  });

  test("makes no code from text, and keeps sentencepiece-js apart", () => {
    for (const { code } of chunks) expect(code).not.toMatch(/\bnew Function\b|\beval\(/);
    for (const { code } of first) expect(code).not.toContain("WebAssembly.instantiate");
    expect(chunks.filter(({ code }) => code.includes("WebAssembly.instantiate"))).toHaveLength(1);
  });

  test("does not speak WebGPU", () => {
    for (const { code } of chunks) expect(code).not.toMatch(/navigator\.gpu|GPUBufferUsage|createShaderModule/);
  });
});

test("another version of sentencepiece-js fails the build", () => {
  expect(() => patchSentencePiece("module.exports = {}")).toThrow(/occurs 0 times, expected 1/);
});
