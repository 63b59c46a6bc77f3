// The bundled models in Chromium, one for each task: a clone without the shared folder tests every task.
import { expect, test } from "vitest";
import { BUNDLED_MODELS } from "./bundled-models.js";

test.each(Object.keys(BUNDLED_MODELS))("%s answers as Transformers does", async (name) => {
  await expect(BUNDLED_MODELS[name]!()).resolves.toBeUndefined();
});
