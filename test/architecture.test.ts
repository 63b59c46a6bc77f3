// Dependencies point one way (docs/architecture.md, "Folders"): reads every import line of src, demo and bench and
// compares it with the table below. In words: kernels know nothing of models, the runtime nothing of DeBERTa nor of any
// kernel by name, tasks nothing of tensors on a GPU, files and text nothing of WebGPU.
import { expect, test } from "vitest";
import bundledLibraries from "./fixtures/bundled-libraries.json" with { type: "json" };

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

/**
 * What the files of a room may import beside their own room; "type x" allows `import type` only. A room is a folder with what
 * lies in it, but for the rooms inside it that have a line of their own: model's are listed from the ground up.
 */
const ALLOWED: Record<string, readonly string[]> = {
  "errors.ts": [],
  "json.ts": ["errors.ts"],
  "options.ts": [],
  "bound.ts": [],
  "lazy.ts": ["errors.ts"],
  "notify.ts": [],
  kernels: ["errors.ts"],
  checkpoint: ["errors.ts", "json.ts", "options.ts", "lazy.ts", "notify.ts"],
  "tokenizer/text": ["errors.ts", "tokenizer/tokens.ts", "tokenizer/pieces"],
  "tokenizer/pieces": ["errors.ts", "tokenizer/text/normalizer.ts", "type tokenizer/tokens.ts"],
  tokenizer: [
    "errors.ts",
    "json.ts",
    "options.ts",
    "bound.ts",
    "lazy.ts",
    "checkpoint/source.ts",
    "checkpoint/folder.ts",
    "checkpoint/read-whole.ts",
    "type checkpoint",
    "tokenizer/pieces",
    "tokenizer/text",
  ],
  runtime: ["errors.ts", "kernels/kernel.ts", "kernels/shader.ts"],
  "model/deberta": ["errors.ts", "json.ts", "options.ts", "bound.ts", "kernels", "runtime/graph.ts", "checkpoint"],
  "model/inputs": ["errors.ts", "options.ts", "model/deberta", "type model/outputs.ts"],
  "model/load": ["errors.ts", "options.ts", "lazy.ts", "kernels", "runtime", "checkpoint", "model/deberta"],
  "model/run": [
    "errors.ts",
    "options.ts",
    "notify.ts",
    "kernels",
    "runtime",
    "checkpoint/retry.ts",
    "checkpoint/signals.ts",
    "model/deberta",
    "model/inputs",
    "model/load",
    "type model/outputs.ts",
  ],
  "model/extraction": [
    "errors.ts",
    "json.ts",
    "options.ts",
    "kernels",
    "runtime",
    "checkpoint",
    "model/deberta",
    "model/inputs",
    "model/load",
    "model/run",
    "model/inspect.ts",
    "model/load-engine.ts",
    "model/loaded-model.ts",
    "type model/outputs.ts",
  ],
  model: [
    "errors.ts",
    "bound.ts",
    "options.ts",
    "lazy.ts",
    "kernels",
    "runtime",
    "checkpoint",
    "model/deberta",
    "model/inputs",
    "model/load",
    "model/run",
    "model/extraction",
  ],
  "self-test": ["errors.ts", "options.ts", "lazy.ts", "notify.ts", "kernels", "runtime"],
  tasks: ["errors.ts", "options.ts", "lazy.ts", "model", "tokenizer", "checkpoint", "type runtime"],
  worker: ["errors.ts", "type model", "type tokenizer", "tasks/cut.ts", "type tasks"],
};
const ENTRIES = [
  "kernels",
  "checkpoint",
  "tokenizer",
  "runtime",
  "model",
  "tasks",
  "self-test",
  "worker",
  "errors.ts",
  "ambient.ts",
  "lazy.ts",
  "on-demand.ts",
]; // files directly in src

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

/** The room of src that a file lies in; for files directly in src their own name. */
function partOf(file: string): string {
  const [, folder, inner] = file.split("/");
  return `${folder}/${inner}` in ALLOWED ? `${folder}/${inner}` : folder!;
}

const allowedFor = (part: string): readonly string[] => ALLOWED[part] ?? (part.endsWith(".ts") ? ENTRIES : []);

function isAllowed(found: Import): boolean {
  const target = fileOf(found)?.replace("src/", "");
  if (target === undefined) return bundledLibraries.includes(/^(?:@[^/]+\/)?[^/]+/.exec(found.target)![0]);
  const part = partOf(found.file);
  if (partOf(`src/${target}`) === part) return true;
  return allowedFor(part).some((rule) => {
    const path = rule.replace(/^type /, "");
    return (target === path || target.startsWith(`${path}/`)) && (path === rule || found.typeOnly);
  });
}

const describe = ({ file, line }: Import): string => `${file}: ${line}`;

test.each([...new Set([...SOURCES.keys()].filter((file) => file.startsWith("src/")).map(partOf))])(
  "src/%s imports only what the table allows",
  (part) => {
    const wrong = importsOf(`src/${part}`).filter((found) => partOf(found.file) === part && !isAllowed(found));
    const allowed = allowedFor(part).join(", ") || "nothing";
    expect(wrong.map(describe), `allowed for ${part}: ${allowed}; and the libraries that are bundled`).toEqual([]);
  },
);

test("no file of src imports itself through others, not even for a type", () => {
  const edges = new Map<string, string[]>();
  for (const found of importsOf("src/")) {
    const target = fileOf(found);
    if (target !== undefined && SOURCES.has(target)) edges.set(found.file, [...(edges.get(found.file) ?? []), target]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file)) return;
    done.add(file);
    for (const target of edges.get(file) ?? []) visit(target, [...path, file]);
  };
  for (const file of edges.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test.each(["demo", "bench"])("%s imports the package by its name only", (folder) => {
  const wrong = importsOf(`${folder}/`).filter((found) => fileOf(found)?.startsWith("src/"));
  expect(wrong.map(describe), "allowed: deberta-webgpu and its subpaths").toEqual([]);
});

test("only the runtime speaks WebGPU", () => {
  const others = [...SOURCES].filter(([file]) => /^src\/(kernels|checkpoint|tokenizer|tasks)\//.test(file));
  const users = others.filter(([, text]) => /\bnavigator\.gpu\b|\.create(Buffer|ComputePipeline)/.test(text));
  expect(users.map(([file]) => file)).toEqual([]);
});
