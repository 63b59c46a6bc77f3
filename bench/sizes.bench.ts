// What `shrink` makes of a v3-xsmall with its whole vocabulary, in megabytes of weights: counted, not estimated.
import { shrinkWeights } from "deberta-webgpu/checkpoint";
import { randomCheckpoint, SHAPES } from "./random-checkpoint.js";
import type { Print } from "./support.js";

export default async function bench(print: Print): Promise<void> {
  const source = randomCheckpoint({ ...SHAPES["v3-xsmall"]!, vocab_size: 128100 });
  const rows = [["matrices", "word table", "MB"]];
  for (const [dtype, wordTable] of [
    ["f16", "f16"],
    ["q8", "f16"],
    ["q8", "q8"],
    ["q4", "q8"],
  ] as const) {
    const { before, after } = await shrinkWeights(source, { write: () => undefined }, { dtype, wordTable });
    if (rows.length === 1) rows.push(["f32", "f32", (before / 1e6).toFixed(1)]);
    rows.push([dtype, wordTable, (after / 1e6).toFixed(1)]);
  }
  const [head, ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  await print([head, "|---|---|---:|", ...body].join("\n"));
}
