// `deberta-webgpu/tokenizer` as a page loads it: built, minified and compressed. Small, no code made from text, the second
// engine in a chunk of its own, nothing of WebGPU.
// @vitest-environment node
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { patchSentencePiece, sentencePiece } from "../../tools/sentencepiece-plugin.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
let chunks: Rolldown.OutputChunk[];
/** What `import "deberta-webgpu/tokenizer"` loads; opening a source, tokenizer.json and the second engine follow on demand. */
let first: Rolldown.OutputChunk[];

beforeAll(async () => {
  const built = await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [sentencePiece()],
    build: {
      write: false,
      target: "es2022",
      lib: { formats: ["es"], entry: { tokenizer: `${root}src/tokenizer.ts` } },
      rolldownOptions: { output: { minify: true } },
    },
  });
  chunks = (built as Rolldown.RolldownOutput[])[0]!.output.filter((each) => each.type === "chunk");
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const names = new Set([chunks.find((chunk) => chunk.isEntry)!.fileName]);
  for (const name of names) for (const next of byName.get(name)!.imports) names.add(next);
  first = [...names].map((name) => byName.get(name)!);
}, 60_000);

describe("the built tokenizer", () => {
  test("is at most 15 KB, minified and compressed, without the second engine", () => {
    const sizeOf = (list: readonly Rolldown.OutputChunk[]): number =>
      list.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
    const later = chunks.filter((chunk) => !first.includes(chunk) && !chunk.code.includes("WebAssembly"));
    const kilobytes = [first, later].map((list) => (sizeOf(list) / 1000).toFixed(1));
    console.log(
      `deberta-webgpu/tokenizer: ${kilobytes[0]!} KB gzip; what reads files, on first use, ${kilobytes[1]!} KB`,
    );
    expect(sizeOf(first)).toBeLessThanOrEqual(15_000);
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
