#!/usr/bin/env node
// npx deberta-webgpu shrink <source> <folder> [--dtype q8|q4|f16] [--word-table q8|f16]
// Reads any source that the package reads, or a folder of this machine, and writes a smaller model folder.
import { mkdir, open, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openFolder, shrinkWeights } from "deberta-webgpu/checkpoint";

const USAGE = `deberta-webgpu shrink <source> <folder> [--dtype q8|q4|f16] [--word-table q8|f16] [--revision name]

source   a folder of this machine, a hub id "owner/name", or an address that ends in "/"
folder   where the new model goes; made if it is missing
`;

/** What lies beside the weights of a model of any kind, copied as it is where the source has it. */
const COPIED = [
  "config.json",
  "gliner_config.json",
  "encoder_config/config.json",
  "modules.json",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
  "adapter_config.json",
  "spm.model",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
];

/** A folder of this machine, in the shape of a source. */
function localFolder(path) {
  return {
    async open(name) {
      const file = await open(join(path, name)).catch(() => undefined);
      if (!file) return undefined;
      const { size } = await file.stat();
      return {
        size,
        async *read(start, end) {
          for (let at = start; at < end;) {
            const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(1 << 20, end - at)), 0, undefined, at);
            if (bytesRead === 0) return;
            at += bytesRead;
            yield buffer.subarray(0, bytesRead);
          }
        },
      };
    },
  };
}

async function sourceOf(text) {
  const isFolder = await stat(text).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? localFolder(resolve(text)) : text;
}

async function readWhole(file) {
  const parts = [];
  for await (const bytes of file.read(0, file.size)) parts.push(bytes);
  return Buffer.concat(parts);
}

/** The files of a sentence-transformer's other modules: a config, and the few weights of Dense layers. */
async function filesOfModules(folder) {
  const file = await folder.open("modules.json");
  if (!file) return [];
  const paths = JSON.parse((await readWhole(file)).toString()).flatMap(({ path }) => path || []);
  const outside = paths.find((path) => !/^\w[\w.-]*$/.test(path));
  if (outside) throw new Error(`modules.json: path ${JSON.stringify(outside)} is not the name of a folder`);
  return paths.flatMap((path) =>
    ["config.json", "model.safetensors", "pytorch_model.bin"].map((name) => `${path}/${name}`),
  );
}

async function shrink(sourceText, target, { dtype, "word-table": wordTable, revision }) {
  const folder = await openFolder(await sourceOf(sourceText), revision ? { revision } : {});
  await mkdir(target, { recursive: true });
  if ((await readdir(target)).some((name) => name.endsWith(".safetensors")))
    throw new Error(`${target} holds weights already; name an empty folder`);
  for (const name of [...COPIED, ...(await filesOfModules(folder))]) {
    const file = await folder.open(name);
    if (!file) continue;
    await mkdir(dirname(join(target, name)), { recursive: true });
    await writeFile(join(target, name), await readWhole(file));
  }
  const file = await open(join(target, "model.safetensors"), "w");
  try {
    const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
    const { before, after } = await shrinkWeights(
      folder,
      { write: async (position, bytes) => void (await file.write(bytes, 0, bytes.length, position)) },
      {
        dtype,
        wordTable,
        onProgress: ({ file: name, loaded, total }) => {
          if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${megabytes(loaded)} of ${megabytes(total)} MB `);
        },
      },
    );
    console.log(`${target}: ${megabytes(before)} MB became ${megabytes(after)} MB (${dtype}, word table ${wordTable})`);
  } finally {
    await file.close();
    folder.close();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dtype: { type: "string", default: "q8" },
    "word-table": { type: "string", default: "q8" },
    revision: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
const [command, source, target] = positionals;
const isKnown = ["q8", "q4", "f16"].includes(values.dtype) && ["q8", "f16"].includes(values["word-table"]);
if (values.help || command !== "shrink" || !source || !target || !isKnown) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await shrink(source, target, values).catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
