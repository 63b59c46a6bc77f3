// The extraction models of test/fixtures, which need no shared folder: every kind with the inputs that hurt, GLiNERs of random
// configs, and what the libraries themselves answer. Knows neither Vitest nor where files come from, so that Chromium and Deno run the same.
import { madeFiles, type StoredModel } from "../support/made-models.js";
import type { RunnableModel } from "./extraction.js";
import { runGliner } from "./extraction-gliner.js";
import { runGliner2 } from "./extraction-gliner2.js";
import { runGliclass, runNvidia, runRerank, runSentences } from "./extraction-others.js";

/** Reads a file of test/fixtures. */
export type ReadFixture = (path: string) => Promise<Uint8Array>;

/** The models of a file of fixtures. */
export async function madeModels(
  read: ReadFixture,
  file: "kinds" | "gliner-random" | "library",
): Promise<RunnableModel[]> {
  const text = new TextDecoder().decode(await read(`extraction/${file}.json`));
  const models = JSON.parse(text) as readonly StoredModel[];
  const files = await madeFiles(models, (name) => read(`tokenizer/foreign-ids-800/${name}`));
  return models.map(({ name, kind, heads }) => ({
    name,
    async run(device) {
      const others: Readonly<Record<string, typeof runRerank>> = {
        "cross-encoder": runRerank,
        "sentence-transformer": runSentences,
        "nvidia-classifier": runNvidia,
      };
      const other = others[kind];
      if (other) return { wrong: await other(files, name, device) };
      if (kind === "gliner2") return runGliner2(files, name, device);
      const run = kind === "gliner" ? runGliner : runGliclass;
      const onDevice = await run(files, name, "device", device);
      if (!Object.keys(heads).some((tensor) => tensor.includes("lstm"))) return onDevice;
      const onHost = await run(files, name, "host", device);
      return { wrong: [...onDevice.wrong, ...onHost.wrong] };
    },
  }));
}
