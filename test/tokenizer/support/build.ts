// `deberta-webgpu/tokenizer` as `npm run build` makes it, in memory, minified as a page's bundler would.
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";
import { sentencePiece } from "../../../tools/sentencepiece-plugin.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface BuiltTokenizer {
  readonly chunks: readonly Rolldown.OutputChunk[];
  /** What `import "deberta-webgpu/tokenizer"` loads, the entry first; all other chunks follow on demand. */
  readonly first: readonly Rolldown.OutputChunk[];
  /** What `import("./<name>.js")` loads, that chunk first. */
  readonly after: (name: string) => readonly Rolldown.OutputChunk[];
}

export async function buildTokenizer(): Promise<BuiltTokenizer> {
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
  const chunks = (built as Rolldown.RolldownOutput[])[0]!.output.filter((each) => each.type === "chunk");
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const withImports = (entry: Rolldown.OutputChunk): Rolldown.OutputChunk[] => {
    const names = new Set([entry.fileName]);
    for (const name of names) for (const next of byName.get(name)!.imports) names.add(next);
    return [...names].map((name) => byName.get(name)!);
  };
  return {
    chunks,
    first: withImports(chunks.find((chunk) => chunk.isEntry)!),
    after: (name) => withImports(chunks.find((chunk) => chunk.name === name)!),
  };
}
