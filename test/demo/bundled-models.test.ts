// What the bundled models may weigh, and what lies beside each of them.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const MODELS = join(import.meta.dirname, "../../demo/public/models");
const folders = (await readdir(MODELS, { withFileTypes: true })).filter((entry) => entry.isDirectory());

async function bytesOf(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("bundled models", () => {
  it("weigh 60 MB at most together, and 12 MB each", async () => {
    const sizes = await Promise.all(folders.map(({ name }) => bytesOf(join(MODELS, name))));
    expect(Math.max(...sizes)).toBeLessThan(12e6);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60e6);
  });

  it.each(folders.map(({ name }) => name))("%s has weights, pieces, settings and a card", async (name) => {
    const files = await readdir(join(MODELS, name));
    const config = name === "extract" ? "gliner_config.json" : "config.json";
    for (const file of [config, "model.safetensors", "spm.model", "tokenizer_config.json"])
      expect(files).toContain(file);
    const card = await readFile(join(MODELS, name, "README.md"), "utf8");
    for (const heading of ["## Figures", "## Trained on", "## Limits"]) expect(card).toContain(heading);
  });

  it.each(folders.map(({ name }) => name))(
    "%s answers in the engine as in Transformers, where both were judged",
    async (name) => {
      const text = await readFile(join(MODELS, name, "quality.json"), "utf8").catch(() => "{}");
      const quality = JSON.parse(text) as Record<string, Quality>;
      for (const [set, { sample }] of Object.entries(quality))
        for (const [figure, engine] of Object.entries(sample.engine ?? {}))
          expect(Math.abs(engine - sample.python[figure]!), `${set}: ${figure}`).toBeLessThanOrEqual(0.005);
    },
  );
});

interface Quality {
  readonly sample: { readonly python: Record<string, number>; readonly engine?: Record<string, number> };
}
