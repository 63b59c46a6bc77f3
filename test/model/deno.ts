// The golden cases under Deno: wgpu and Naga, what Firefox uses, which have no subgroups.
import { runTests } from "../support/deno.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { type GoldenCase, type GoldenType, runGoldenCase } from "./golden.js";

declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  readonly cwd: () => string;
  readFile(path: string): Promise<Uint8Array>;
};

const shared = Deno.env.get("SHARED");
const bases = [`${Deno.cwd()}/test/fixtures/model-cases`, ...(shared ? [`${shared}/golden/models`] : [])];
const device = await sharedDevice();

/** Every case in f32; in fewer bits, in the short run, one of each folder. */
function typesFor(index: number, count: number): GoldenType[] {
  const takes = (place: number) => __LONG__ || index === place % count;
  return ["f32", ...(takes(9) ? (["f16"] as const) : []), ...(takes(10) ? (["q8"] as const) : [])];
}

const tests = bases.map(async (base) => {
  const read = (path: string) => Deno.readFile(`${base}/${path}`).catch(() => undefined);
  const { cases } = JSON.parse(new TextDecoder().decode(await read("index.json"))) as { cases: GoldenCase[] };
  const runs = cases.flatMap((golden, index) => typesFor(index, cases.length).map((type) => [golden, type] as const));
  return runs.map(([golden, type]) => ({
    name: `golden > ${golden.name}, ${type}`,
    run: async () => {
      const results = await checked(device, () => runGoldenCase(golden, read, device.gpu, type));
      const wrong = results.filter(({ share }) => !(share <= 1));
      if (results.length === 0) throw new Error("nothing was compared");
      if (wrong.length > 0)
        throw new Error(wrong.map(({ batch, what, share }) => `${batch} ${what}: ${share.toFixed(2)}`).join(", "));
    },
  }));
});

await runTests((await Promise.all(tests)).flat());
