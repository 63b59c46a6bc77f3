// How files of each kind are read to the end: every tensor streamed, every text encoded. What a probe rejects with is judged
// by judge.ts; a probe itself throws a Finding when something was read wrongly.
import type { Folder } from "../../src/checkpoint/byte-source.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { bytesOfShape, BITS_OF } from "../../src/checkpoint/tensor-entry.js";
import { CheckpointError } from "../../src/errors.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { isObject } from "../../src/json.js";
import { readOptionalJson } from "../../src/checkpoint/read-whole.js";
import { openGliclass } from "../../src/model/extraction/gliclass.js";
import { openGliner } from "../../src/model/extraction/gliner.js";
import { openGliner2 } from "../../src/model/extraction/gliner2.js";
import { NvidiaClassifier } from "../../src/model/extraction/nvidia.js";
import { readSentenceTransformer } from "../../src/tasks/extraction/sentence-transformer.js";
import { folderOf, MINIATURE } from "../support/checkpoint.js";
import { Finding } from "./judge.js";

/** Files of a folder by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

export const sizeOf = (files: Files): number => [...files.values()].reduce((sum, { length }) => sum + length, 0);

/** Every byte of every tensor, and each tensor as many bytes as its shape says. */
async function readWeights(files: Files): Promise<void> {
  const folder = await openFolder(folderOf(files));
  const table = await openWeights(folder);
  const got = new Map([...table.keys()].map((name) => [name, 0]));
  for await (const { entry, bytes } of stream([...table.values()], folder))
    got.set(entry.name, got.get(entry.name)! + bytes.length);
  for (const { name, shape, dtype } of table.values())
    if (got.get(name) !== bytesOfShape(shape, BITS_OF.get(dtype)!))
      throw new Finding(`${name}: ${dtype} [${shape.join()}] came with ${got.get(name)} bytes`);
}

const BASE = "https://models.example/owner/name/";

/** An index comes from a server; whatever it names, nothing but files below the base is asked for. */
async function readIndexOf(files: Files): Promise<void> {
  const foreign: string[] = [];
  const fetch = (input: RequestInfo | URL): Promise<Response> => {
    const { url } = new Request(input);
    const name = url.slice(BASE.length);
    if (!url.startsWith(BASE) || !/^[\w.-]+(\/[\w.-]+)*$/.test(name) || /(^|\/)\.\.?(\/|$)/.test(name))
      foreign.push(url);
    const bytes = files.get(name);
    return Promise.resolve(bytes ? new Response(bytes as Uint8Array<ArrayBuffer>) : new Response("", { status: 404 }));
  };
  const options = { fetch, token: "hf_secret" };
  const error: unknown = await openWeights(BASE, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (foreign.length > 0) throw new Finding(`asked for ${foreign.join(" ")}`);
  if (String(error).includes("hf_secret")) throw new Finding("the token stands in a message");
  // Of a good index the shards are missed, which stands for loading.
  const isMissing = error instanceof CheckpointError && error.reason === "absent" && error.message.includes("named by");
  if (error !== undefined && !isMissing) throw error as Error;
}

const TEXTS = ["the tea, store", `${"a".repeat(40)}!`, "\ud83d [MASK]  ﷺ①\u0000 e\u0301 \u2581", ""];

/** Tokenizes with whatever class the folder makes; ids must be those of the vocabulary, offsets inside the text. */
async function tokenize(files: Files, kinds: readonly ("slow" | "fast")[]): Promise<void> {
  for (const kind of kinds) {
    const folder: Folder = folderOf(files);
    const tokenizer =
      kind === "slow"
        ? await DebertaV2Tokenizer.fromPretrained(folder)
        : await DebertaV2TokenizerFast.fromPretrained(folder);
    for (const text of TEXTS) {
      const { ids, offsets } = tokenizer.encode(text);
      if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0)) throw new Finding(`${kind}: ids ${ids.join()}`);
      for (const [start, end] of offsets)
        if (!(start >= 0 && start <= end && end <= text.length)) throw new Finding(`${kind}: offsets ${start}, ${end}`);
      if (typeof tokenizer.decode(ids) !== "string") throw new Finding(`${kind}: decodes to no text`);
    }
  }
}

/** What a config says is within the bounds that everything behind it relies on, and survives being written. */
async function readConfig(files: Files): Promise<void> {
  const config = await DebertaV2Config.fromPretrained(folderOf(files));
  const sizes = [
    config.vocabSize,
    config.hiddenSize,
    config.numHiddenLayers,
    config.numAttentionHeads,
    config.numLabels,
  ];
  if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0)) throw new Finding(`sizes ${sizes.join()}`);
  const written = config.toJSON();
  const again = new DebertaV2Config(written).toJSON();
  if (JSON.stringify(again) !== JSON.stringify(written)) throw new Finding("reads otherwise what it has written");
}

const BACKBONE = folderOf(new Map([["config.json", new TextEncoder().encode(JSON.stringify(MINIATURE))]]));

/** What a library's files say of its model, before weights are looked for; a text's vector where they say how it is made. */
async function readLibrary(files: Files): Promise<void> {
  const folder = folderOf(files);
  if (files.has("modules.json")) {
    const sentences = await readSentenceTransformer(await openFolder(folder));
    const vector = sentences.vector({ rows: new Float32Array(3 * 8).fill(0.5), width: 8, promptTokens: 1 });
    if (!vector.every(Number.isFinite)) throw new Finding(`a vector with ${vector.join()}`);
    if (!Object.values(sentences.prompts).every((prompt) => typeof prompt === "string")) throw new Finding("prompts");
    return;
  }
  if (files.has("gliner_config.json")) {
    const { base } = await openGliner(folder, {});
    new DebertaV2Config(base.backbone);
    return;
  }
  const json = await readOptionalJson(await openFolder(folder), "config.json");
  const type = isObject(json) ? json["model_type"] : undefined;
  if (type === "extractor") await openGliner2(folder, {});
  else if (type === "GLiClass") await openGliclass(folder, {});
  else await NvidiaClassifier.load(folder, { baseModel: BACKBONE });
}

/** How files of each kind are read, to the end. */
export const PROBES = {
  header: readWeights,
  index: readIndexOf,
  pickle: readWeights,
  hdf5: readWeights,
  sentencepiece: (files: Files) => tokenize(files, ["slow", "fast"]),
  tokenizer: (files: Files) => tokenize(files, ["fast"]),
  config: readConfig,
  library: readLibrary,
} as const;
