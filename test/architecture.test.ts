// Dependencies point one way (docs/architecture.md, "Folders"): reads every import line of src, demo and bench and
// compares it with the table below. In words: kernels know nothing of models, the runtime nothing of DeBERTa nor of any
// kernel by name, tasks nothing of tensors on a GPU, files and text nothing of WebGPU.
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };

/** Every source text, by its path from the project's root. */
const SOURCES = new Map(
  Object.entries(
    import.meta.glob<string>(["../src/**/*.ts", "../demo/**/*.{ts,tsx}", "../bench/**/*.ts"], {
      query: "?raw",
      import: "default",
      eager: true,
    }),
  ).map(([path, text]) => [path.replace("../", ""), text]),
);

/** What the files of a folder may import beside their own folder; "type x" allows `import type` only. */
const ALLOWED: Record<string, readonly string[]> = {
  "errors.ts": [],
  kernels: ["errors.ts"],
  checkpoint: ["errors.ts"],
  tokenizer: ["errors.ts", "checkpoint/folder.ts", "type checkpoint/byte-source.ts"],
  runtime: ["errors.ts", "kernels/kernel.ts", "kernels/shader.ts"],
  model: ["errors.ts", "kernels", "runtime", "checkpoint", "type tokenizer"],
  tasks: ["errors.ts", "model", "tokenizer", "type checkpoint", "type runtime"],
};
const ENTRIES = ["kernels", "checkpoint", "tokenizer", "runtime", "model", "tasks", "errors.ts"]; // files directly in src

interface Import {
  readonly file: string;
  readonly line: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const STATEMENT = /^\s*(?:import|export)\b(?:[^;"']*\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function importsOf(prefix: string): Import[] {
  return [...SOURCES].flatMap(([file, text]) =>
    !file.startsWith(prefix)
      ? []
      : [...text.matchAll(STATEMENT)].map(([line, statement, call]) => ({
          file,
          line: line.trim().replace(/\s+/g, " "),
          target: (statement ?? call)!.replace(/\?.*$/, ""),
          typeOnly: /^\s*(?:import|export) type\b/.test(line),
        })),
  );
}

/** A relative import's path from the root, e.g. "src/kernels/kernel.ts"; undefined for a package. */
function fileOf({ file, target }: Import): string | undefined {
  return target.startsWith(".")
    ? new URL(target, `file:///${file}`).pathname.slice(1).replace(/\.js$/, ".ts")
    : undefined;
}

/** The folder of src that a file lies in; for files directly in src their own name. */
const partOf = (file: string): string => file.split("/")[1]!;

const allowedFor = (part: string): readonly string[] => ALLOWED[part] ?? (part.endsWith(".ts") ? ENTRIES : []);

function isAllowed(found: Import): boolean {
  const target = fileOf(found)?.replace("src/", "");
  if (target === undefined) return /^(?:@[^/]+\/)?[^/]+/.exec(found.target)![0] in manifest.dependencies;
  const part = partOf(found.file);
  if (target.startsWith(`${part}/`)) return true;
  return allowedFor(part).some((rule) => {
    const path = rule.replace(/^type /, "");
    return (target === path || target.startsWith(`${path}/`)) && (path === rule || found.typeOnly);
  });
}

const describe = ({ file, line }: Import): string => `${file}: ${line}`;

test.each([...new Set([...SOURCES.keys()].filter((file) => file.startsWith("src/")).map(partOf))])(
  "src/%s imports only what the table allows",
  (part) => {
    const wrong = importsOf(`src/${part}`).filter((found) => !isAllowed(found));
    const allowed = allowedFor(part).join(", ") || "nothing";
    expect(wrong.map(describe), `allowed for ${part}: ${allowed}; and the package's dependencies`).toEqual([]);
  },
);

test.each(["demo", "bench"])("%s imports the package by its name only", (folder) => {
  const wrong = importsOf(`${folder}/`).filter((found) => fileOf(found)?.startsWith("src/"));
  expect(wrong.map(describe), "allowed: deberta-webgpu and its subpaths").toEqual([]);
});

test("only the runtime speaks WebGPU", () => {
  const others = [...SOURCES].filter(([file]) => /^src\/(kernels|checkpoint|tokenizer|tasks)\//.test(file));
  const users = others.filter(([, text]) => /\bnavigator\.gpu\b|\.create(Buffer|ComputePipeline)/.test(text));
  expect(users.map(([file]) => file)).toEqual([]);
});
