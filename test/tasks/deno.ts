// Extraction under Deno: the models of test/fixtures, of which the short run takes one a task, and with --long the 100 random
// ones and every case of golden/extraction, too.
import { runTests } from "../support/deno.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { goldenModels } from "./extraction-golden.js";
import { madeModels } from "./extraction-made.js";

declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  readonly cwd: () => string;
  readFile(path: string): Promise<Uint8Array>;
};

const SHORT = ["gliner-markerV0", "gliner2-count_lstm_moe", "gliclass-mlp", "rerank", "sentences", "nvidia-heads"];

const read = (path: string) => Deno.readFile(`${Deno.cwd()}/test/fixtures/${path}`);
const kinds = await madeModels(read, "kinds");
const models = __LONG__
  ? [...kinds, ...(await madeModels(read, "gliner-random"))]
  : kinds.filter(({ name }) => SHORT.includes(name));
const shared = Deno.env.get("SHARED");
const golden =
  __LONG__ && shared
    ? goldenModels((path) => Deno.readFile(`${shared}/golden/extraction/${path}`).catch(() => undefined))
    : [];
const device = await sharedDevice();

await runTests(
  [...models, ...golden].map((model) => ({
    name: `extraction > ${model.name}`,
    run: async () => {
      const { wrong } = await checked(device, () => model.run(device.gpu));
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
    },
  })),
);
