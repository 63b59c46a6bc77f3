// Every kernel at the shapes of v3-base (D 768, 12 heads of 64, 128 tokens): milliseconds, GFLOP/s, GB/s, and the share of the
// arithmetic ceiling. Times are the best of several runs, as other work on the machine only slows; the share is the median of
// each run's share of a ceiling measured right after it, as that work slows both. Kernels that compute wrongly are named first.
import { selfTest } from "deberta-webgpu";
import {
  addLayerNorm,
  addMatmul,
  attentionScores,
  attentionValues,
  compile,
  conv1d,
  type Device,
  Graph,
  gatherRows,
  matmul,
  packWeights,
  relativeProducts,
  type ScoreAttrs,
  scoreTileSize,
  Slots,
  softmax,
  type StepTime,
  type TensorType,
  valueTileSize,
  TILE_FIELDS,
} from "deberta-webgpu/runtime";
import { type Ceiling, measureCeiling } from "./peak.js";
import { benchDevices, describeAdapter, median, numbers, type Print, table } from "./support.js";

const [D, F, heads, headWidth, slots, reach] = [768, 3072, 12, 64, 512, 511] as const;
/** Runs of a kernel: at least so many, and until so many milliseconds have passed. */
const [RUNS, SPAN] = [5, 1500] as const;

const f32 = (...shape: number[]): TensorType => ({ shape, dtype: "f32" });
const u32 = (...shape: number[]): TensorType => ({ shape, dtype: "u32" });

interface Timed {
  readonly name: string;
  readonly build: (graph: Graph, device: Device) => void;
}

/** Operands by name, as inputs: floats are random, u32 tables are given. */
const data = new Map<string, Float32Array | Uint32Array>();

function operand(graph: Graph, name: string, type: TensorType, table?: Uint32Array) {
  const key = `${name} ${type.shape.join("×")}`;
  if (!data.has(key)) data.set(key, table ?? numbers(type.shape.reduce((product, size) => product * size, 1)));
  return graph.input(key, type);
}

function product(rows: number, inner: number, columns: number, activation?: "gelu"): Timed {
  return {
    name: `${activation ? "matmul + gelu" : "addMatmul"} ${rows}×${inner}×${columns}`,
    build(graph) {
      const x = operand(graph, "x", f32(rows, inner));
      const w = operand(graph, "w", f32(inner, columns));
      const bias = operand(graph, "bias", f32(columns));
      if (activation) graph.add("y", matmul, [x, w, bias], { activation });
      else graph.add("y", addMatmul, [x, w, bias, operand(graph, "residual", f32(rows, columns))], {});
    },
  };
}

/** Tables of one sequence of N tokens, every row a query. */
function tiles(N: number, queries: number, keys: number): Uint32Array {
  const entries: number[] = [];
  for (let i = 0; i < N; i += queries)
    for (let j = 0; j < N; j += keys) entries.push(i, Math.min(queries, N - i), i, 0, j, N, i * N, N * N, 0, 0);
  return Uint32Array.from(entries);
}

/** Log buckets are not needed for speed: any rising table touches as many rows. */
const SLOTS = Uint32Array.from({ length: 2 * reach + 1 }, (_, at) => Math.floor(at / 2));

function attention(N: number): Timed[] {
  const scores = heads * N * N;
  const pairs = scores * headWidth;
  const qkv = (graph: Graph) => operand(graph, "qkv", f32(N, 3 * D));
  const slotTable = (graph: Graph) => operand(graph, "slots", u32(2 * reach + 1), SLOTS);
  const bounds = Uint32Array.from({ length: 2 * N }, (_, i) => (i % 2) * N);
  const shared = { heads, headWidth, queryFrom: 0, keyFrom: D, scores, c2p: true, p2c: true, reach, slots, pairs };
  const attrs: ScoreAttrs = { ...shared, singleRows: false, firstQuery: 0 };
  const tileTable = (graph: Graph, device: Device) => {
    const { queries, keys } = scoreTileSize(device.capabilities, false);
    const entries = tiles(N, queries, keys);
    return operand(
      graph,
      `tiles ${queries} ${keys}`,
      u32(entries.length / TILE_FIELDS.length, TILE_FIELDS.length),
      entries,
    );
  };
  return [
    {
      name: `scores in the tile, N=${N}`,
      build(graph, device) {
        const positions = ["posK", "posQ"].map((name) => operand(graph, name, f32(slots, D)));
        const operands = [qkv(graph), qkv(graph), tileTable(graph, device), slotTable(graph), ...positions];
        graph.add("scores", attentionScores("tile", false), operands, attrs);
      },
    },
    {
      name: `scores by gather, N=${N}`,
      build(graph, device) {
        const products = ["qp", "kp"].map((name) => operand(graph, name, f32(N, heads, slots)));
        const operands = [qkv(graph), qkv(graph), tileTable(graph, device), slotTable(graph), ...products];
        graph.add("scores", attentionScores("gather", false), operands, attrs);
      },
    },
    {
      name: `relativeProducts, N=${N}`,
      build(graph) {
        const operands = [
          qkv(graph),
          operand(graph, "posK", f32(slots, D)),
          slotTable(graph),
          operand(graph, "bounds", u32(N, 2), bounds),
        ] as const;
        graph.add("qp", relativeProducts, operands, { heads, headWidth, queryFrom: 0, rows: [0, N], reach, sign: 1 });
      },
    },
    {
      name: `softmax, N=${N}`,
      build(graph) {
        const first = operand(graph, "first", u32(1), Uint32Array.of(0));
        const copy = graph.add("copy", gatherRows, [operand(graph, "scores", f32(1, scores)), first], {});
        const entries = Uint32Array.from({ length: 3 * N }, (_, i) => [(i / 3) * N, N * N, N][i % 3]!);
        graph.add("softmax", softmax, [operand(graph, "rows", u32(N, 3), entries)], { heads, scores }, copy);
      },
    },
    {
      name: `values, N=${N}`,
      build(graph, device) {
        const { queries } = valueTileSize(device.capabilities, false);
        const entries = tiles(N, queries, N);
        const tileTable = operand(
          graph,
          `value tiles ${queries}`,
          u32(entries.length / TILE_FIELDS.length, TILE_FIELDS.length),
          entries,
        );
        const probabilities = operand(graph, "probabilities", f32(scores));
        const valueAttrs = { heads, headWidth, valueFrom: 2 * D, rows: N, singleRows: false, pairs };
        graph.add("values", attentionValues, [probabilities, qkv(graph), tileTable], valueAttrs);
      },
    },
  ];
}

const others: Timed[] = [
  {
    name: `addLayerNorm 128×${D}`,
    build(graph) {
      const [gamma, beta] = ["gamma", "beta"].map((name) => operand(graph, name, f32(D)));
      const [x, residual] = ["x", "residual"].map((name) => operand(graph, name, f32(128, D)));
      graph.add("y", addLayerNorm, [x!, gamma!, beta!, residual!], { columns: D, eps: 1e-7 });
    },
  },
  {
    name: `conv1d of 3 taps, 128×${D}`,
    build(graph) {
      const bounds = operand(
        graph,
        "bounds",
        u32(128, 2),
        Uint32Array.from({ length: 256 }, (_, i) => (i % 2) * 128),
      );
      const [x, w, bias] = [f32(128, D), f32(3 * D, D), f32(D)].map((type, i) => operand(graph, `conv ${i}`, type));
      graph.add("y", conv1d, [x!, w!, bias!, bounds], { taps: 3, activation: "tanh" });
    },
  },
  {
    name: `packWeights F16 ${D}×${F}`,
    build(graph) {
      const words = (D * F) / 2;
      const axis = (size: number) => ({ size, group: size, padded: size });
      graph.add("w", packWeights, [operand(graph, "file", u32(words), new Uint32Array(words))], {
        dtype: "F16",
        layout: { kind: "linear" },
        input: axis(D),
        output: axis(F),
        scale: 1,
        into: { rows: D, columns: F, from: 0 },
      });
    },
  },
];

const KERNELS: readonly Timed[] = [
  product(128, D, D),
  product(128, D, F, "gelu"),
  product(128, F, D),
  product(32, D, D),
  product(512, D, D),
  product(1, D, D),
  ...attention(128),
  ...attention(512),
  ...others,
];

/** The best time of the graph's last node, and its share of the ceiling. */
async function measure({ build }: Timed, device: Device, ceiling: Ceiling): Promise<{ best: StepTime; share: number }> {
  const graph = new Graph();
  build(graph, device);
  const slots = new Slots(device);
  const plan = await compile(device, graph, new Map(), slots);
  let best: StepTime | undefined;
  const shares: number[] = [];
  const inputs = Object.fromEntries(graph.inputs.map((value) => [value.name, data.get(value.name)!]));
  try {
    const start = performance.now();
    for (let run = 0; run < RUNS || performance.now() - start < SPAN; run++) {
      const last = (await plan.profile(inputs)).at(-1)!;
      if (!best || last.milliseconds < best.milliseconds) best = last;
      shares.push((last.gflops ?? 0) / (await ceiling.measure()));
    }
  } finally {
    plan.dispose();
    slots.dispose();
  }
  return { best: best!, share: median(shares) };
}

export default async function bench(print: Print): Promise<void> {
  for (const { name, device } of await benchDevices()) {
    const { results } = await selfTest({ device: device.gpu });
    const wrong = results.filter(({ ok }) => !ok);
    if (wrong.length > 0) await print(table([["wrong", "case"], ...wrong.map((found) => [found.kernel, found.case])]));
    const ceiling = await measureCeiling(device.gpu);
    await print(`\n${describeAdapter(device)}, ${name}: ceiling ${ceiling.gflops.toFixed(1)} GFLOP/s`);
    const rows = [["kernel", "ms", "GFLOP/s", "GB/s", "of ceiling"]];
    for (const timed of KERNELS) {
      const { best, share } = await measure(timed, device, ceiling);
      rows.push([
        timed.name,
        best.milliseconds.toFixed(3),
        best.gflops?.toFixed(2) ?? "",
        best.gbytes?.toFixed(2) ?? "",
        best.gflops ? `${(100 * share).toFixed(1)} %` : "",
      ]);
    }
    await print(table(rows));
  }
}
