// `node bench/compare.mjs <folder of another checkout>`: forward passes of both checkouts in turn, on devices of one browser, and the
// ratio of the medians. --lavapipe: on Mesa's adapter instead of SwiftShader; --batches 32,128,20+30: texts of these lengths instead of
// the usual; --kernels: the time of each kernel, too. Another commit: `git worktree add ../other <commit>`, with a node_modules of its
// own or a link to this one.
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { BROWSER_FLAGS, ensureBrowser, FAST_COMPILE_FLAG } from "../tools/browser.mjs";
import { lavapipeBrowser } from "./lavapipe.mjs";
import { serveBench } from "./serve.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    batches: { type: "string", default: "32,128,512,20+30+40+50+60+70+80+90" },
    kernels: { type: "boolean", default: false },
    lavapipe: { type: "boolean", default: false },
    rounds: { type: "string", default: "15" },
    shape: { type: "string", default: "v3-xsmall" },
  },
});
const ROOTS = [resolve(import.meta.dirname, ".."), resolve(positionals[0] ?? "")];
const ROUNDS = Number(values.rounds);
/** Profiles of each: the least of these counts, as other work only slows. */
const KERNEL_ROUNDS = 3;
const BATCHES = values.batches.split(",").map((batch) => batch.split("+").map(Number));

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

const servers = await Promise.all(ROOTS.map(serveBench));
const installed = await ensureBrowser();
const lavapipe = values.lavapipe ? lavapipeBrowser(installed) : undefined;
const browser = await chromium.launch({
  executablePath: lavapipe?.executable ?? installed,
  env: { ...process.env, ...lavapipe?.env },
  args: [...BROWSER_FLAGS, FAST_COMPILE_FLAG],
});
try {
  console.log(`${cpus().length} × ${cpus()[0].model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`);
  const standIn = lavapipe ? ", Mesa's lavapipe in SwiftShader's name" : "";
  console.log(`Chromium ${browser.version()}${standIn}, ${values.shape}, ${ROUNDS} rounds; ${ROOTS[1]} is the other`);
  const pages = [];
  for (const { resolvedUrls } of servers) {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(`${resolvedUrls.local[0]}blank`);
    await page.evaluate(async (shape) => {
      const { DebertaV2ForSequenceClassification } = await import("/src/index.ts");
      const { randomCheckpoint, SHAPES } = await import("/bench/random-checkpoint.ts");
      const model = await DebertaV2ForSequenceClassification.fromPretrained(randomCheckpoint(SHAPES[shape]));
      const idsOf = (lengths) =>
        lengths.map((length, row) => Array.from({ length }, (_, i) => (7 * i + 13 * row) % 997));
      globalThis.timeOf = async (lengths) => {
        const inputIds = idsOf(lengths);
        const start = performance.now();
        await model.forward({ inputIds });
        return performance.now() - start;
      };
      globalThis.kernelsOf = async (lengths) => {
        const sums = {};
        for (const { kernel, milliseconds } of await model.profile({ inputIds: idsOf(lengths) }))
          sums[kernel] = (sums[kernel] ?? 0) + milliseconds;
        return sums;
      };
    }, values.shape);
    pages.push(page);
  }
  for (const lengths of BATCHES) {
    const name = lengths.length > 1 ? `${lengths.length} texts, ${lengths.join("+")}` : `N = ${lengths[0]}`;
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
      `${name.padEnd(32)}  ${own.toFixed(1)} ms, other ${other.toFixed(1)} ms; ratio of neighbours ${median(ratios).toFixed(2)}`,
    );
    if (values.kernels) {
      const sums = [[], []];
      for (let round = 0; round < KERNEL_ROUNDS; round++)
        for (const which of round % 2 === 0 ? [0, 1] : [1, 0])
          sums[which].push(await pages[which].evaluate((given) => globalThis.kernelsOf(given), lengths));
      for (const kernel of Object.keys(sums[0][0])) {
        const [mine, others] = sums.map((runs) => Math.min(...runs.map((run) => run[kernel] ?? NaN)));
        console.log(`  ${kernel.padEnd(20)} ${mine.toFixed(2)} ms, other ${others.toFixed(2)} ms`);
      }
    }
  }
} finally {
  await browser.close();
  await Promise.all(servers.map((server) => server.close()));
  lavapipe?.remove();
}
