// The programs of README and the guides, each run in a page as it stands there; what its comments say that it prints, it prints.
import { describe, expect, test } from "vitest";
import * as main from "../src/index.js";
import { withFallback } from "../src/transformers-js.js";
import * as worker from "../src/worker.js";
import { filesOf, folderOf, makeCheckpoint, MINIATURE } from "./support/checkpoint.js";
import { madeFiles, type StoredModel } from "./support/made-models.js";
import { programsOf, runProgram } from "./support/programs.js";
import { sourceOf } from "./tasks/extraction.js";

const DOCUMENTS = import.meta.glob<string>(["../README.md", "../docs/*.md", "!../docs/node.md"], {
  query: "?raw",
  import: "default",
  eager: true,
});

const bytesAt = async (path: string) => new Uint8Array(await (await fetch(`/fixtures/${path}`)).arrayBuffer());

/** A reranker of random weights: none is bundled. */
async function reranker(): Promise<main.Source> {
  const files = filesOf(makeCheckpoint({ ...MINIATURE, vocab_size: 1000, id2label: { 0: "relevance" } }, "pooled"));
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    files.set(name, await bytesAt(`tokenizer/foreign-ids-800/${name}`));
  return folderOf(files);
}

/** A GLiNER2 of random weights. */
async function gliner2(): Promise<main.Source> {
  const kinds = JSON.parse(new TextDecoder().decode(await bytesAt("extraction/kinds.json"))) as StoredModel[];
  const stored = kinds.find(({ name }) => name === "gliner2-count_lstm")!;
  return sourceOf(await madeFiles([stored], (name) => bytesAt(`tokenizer/foreign-ids-800/${name}`)), stored.name);
}

/** What stands for models of the hub, which no test can reach. */
const STAND_INS: Readonly<Record<string, () => main.Source | Promise<main.Source>>> = {
  "mixedbread-ai/mxbai-rerank-xsmall-v1": reranker,
  "urchade/gliner_small-v2.1": () => "/models/extract/",
  "fastino/gliner2-base-v1": gliner2,
  "owner/deberta-v3-model": () => "/models/tiny-intent/",
};

type Load = (...args: unknown[]) => Promise<{ dispose(): unknown }>;

/** The modules that programs import, and how to free what they left loaded. */
function modulesToClean() {
  const left: { dispose(): unknown }[] = [];
  const noting =
    (load: unknown): Load =>
    async (...args) => {
      const made = await (load as Load)(...args);
      left.push(made);
      return made;
    };
  const [here, there] = [noting(main.pipeline), noting(worker.pipeline)];
  const modules = {
    "deberta-webgpu": { ...main, pipeline: here },
    "deberta-webgpu/worker": { ...worker, pipeline: there },
    "deberta-webgpu/transformers-js": { withFallback: (theirs: Load) => noting(withFallback(theirs)) },
    "@huggingface/transformers": { pipeline: () => Promise.reject(new Error("handed on")) },
  };
  return { modules, clean: async () => Promise.all(left.map((made) => made.dispose())) };
}

describe.each(Object.entries(DOCUMENTS).filter(([, text]) => programsOf(text).length > 0))("%s", (_, text) => {
  test.each(programsOf(text).map((program, index) => ({ ...program, index: index + 1 })))(
    "program $index, $name",
    async ({ code, prints }) => {
      const { modules, clean } = modulesToClean();
      const sources: Record<string, main.Source> = {};
      let here = code;
      for (const [id, source] of Object.entries(STAND_INS)) {
        if (!code.includes(`"${id}"`)) continue;
        sources[id] = await source();
        here = here.replaceAll(`"${id}"`, `modules.sources["${id}"]`);
      }
      try {
        const printed = await runProgram({ code: here }, { ...modules, sources });
        // A program with a stand-in prints something else, and says nothing.
        if (prints.length > 0 || here === code) expect(printed).toEqual(prints);
      } finally {
        await clean();
      }
    },
  );
});
