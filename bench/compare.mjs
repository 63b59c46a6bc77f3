// `node bench/compare.mjs <folder of another checkout>`: forward passes of both checkouts in turn, on devices of one browser, and the
// ratio of the medians. Another commit: `git worktree add ../other <commit>`, with a node_modules of its own or a link to this one.
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { BROWSER_FLAGS, ensureBrowser, FAST_COMPILE_FLAG } from "../tools/browser.mjs";
import { serveBench } from "./serve.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "15" }, shape: { type: "string", default: "v3-xsmall" } },
});
const ROOTS = [resolve(import.meta.dirname, ".."), resolve(positionals[0] ?? "")];
const ROUNDS = Number(values.rounds);
const BATCHES = {
  "N = 32": [32],
  "N = 128": [128],
  "N = 512": [512],
  "8 texts of 20 to 90": [20, 30, 40, 50, 60, 70, 80, 90],
};

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

const servers = await Promise.all(ROOTS.map(serveBench));
const browser = await chromium.launch({
  executablePath: await ensureBrowser(),
  args: [...BROWSER_FLAGS, FAST_COMPILE_FLAG],
});
try {
  console.log(`${cpus().length} × ${cpus()[0].model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`);
  console.log(`Chromium ${browser.version()}, ${values.shape}, ${ROUNDS} rounds; ${ROOTS[1]} is the other`);
  const pages = [];
  for (const { resolvedUrls } of servers) {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${resolvedUrls.local[0]}blank`);
    await page.evaluate(async (shape) => {
      const { DebertaV2ForSequenceClassification } = await import("/src/index.ts");
      const { randomCheckpoint, SHAPES } = await import("/bench/random-checkpoint.ts");
      const model = await DebertaV2ForSequenceClassification.fromPretrained(randomCheckpoint(SHAPES[shape]));
      globalThis.timeOf = async (lengths) => {
        const inputIds = lengths.map((length, row) => Array.from({ length }, (_, i) => (7 * i + 13 * row) % 997));
        const start = performance.now();
        await model.forward({ inputIds });
        return performance.now() - start;
      };
    }, values.shape);
    pages.push(page);
  }
  for (const [name, lengths] of Object.entries(BATCHES)) {
    const times = [[], []];
    for (let round = -2; round < ROUNDS; round++) {
      for (const which of round % 2 === 0 ? [0, 1] : [1, 0]) {
        const milliseconds = await pages[which].evaluate((given) => globalThis.timeOf(given), lengths);
        if (round >= 0) times[which].push(milliseconds);
      }
    }
    const [own, other] = times.map(median);
    const ratios = times[0].map((time, i) => time / times[1][i]);
    console.log(
      `${name.padEnd(20)}  ${own.toFixed(1)} ms, other ${other.toFixed(1)} ms; ratio of neighbours ${median(ratios).toFixed(2)}`,
    );
  }
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.close()));
}
