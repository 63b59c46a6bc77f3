// Every hot kernel at the shapes of v3-base (D 768, 12 heads of 64), as a graph of one node: what the bench times, the page of
// the bench times on visitors' GPUs, and the lab compiles for GPUs that are not there.
import {
  addLayerNorm,
  addMatmul,
  attentionScores,
  attentionValues,
  type Capabilities,
  conv1d,
  byteLength,
  type Dispatch,
  type DType,
  elements,
  Graph,
  gatherRows,
  groupAttention,
  gruStep,
  lstm,
  matmul,
  matmulAs,
  type MatmulPlan,
  type MatmulShape,
  packWeights,
  pairMatmul,
  poolRows,
  relativeProducts,
  type ScoreAttrs,
  scoreTileSize,
  softmax,
  spanScores,
  type TensorType,
  TILE_FIELDS,
  valueTileSize,
} from "deberta-webgpu/runtime";
import { numbers } from "./support.js";

const [D, F, heads, headWidth, slots, reach] = [768, 3072, 12, 64, 512, 511] as const;

const f32 = (...shape: number[]): TensorType => ({ shape, dtype: "f32" });
const u32 = (...shape: number[]): TensorType => ({ shape, dtype: "u32" });

/** A kernel at one shape: the last node of the graph that it builds. */
export interface KernelShape {
  readonly name: string;
  readonly build: (graph: Graph, device: Capabilities) => void;
  /** Of matrix products: the sizes that their plan follows. */
  readonly product?: MatmulShape;
}

/** How a device would run the kernel. */
export function dispatchOf({ build }: KernelShape, device: Capabilities): Dispatch {
  const graph = new Graph();
  build(graph, device);
  const { kernel, inputs, attrs } = graph.nodes.at(-1)!;
  return kernel.dispatch(
    inputs.map(({ type }) => type),
    attrs,
    device,
  );
}

/** Operands by name, as inputs: floats are random, u32 tables are given. */
export const OPERANDS: Map<string, Float32Array | Uint32Array> = new Map();

function made(type: TensorType): Float32Array | Uint32Array {
  // Packed types: any bits do that are a number in each of them.
  if (type.dtype !== "f32") return new Uint32Array(byteLength(type) / 4).fill(0x2c002c00);
  return numbers(elements(type));
}

function operand(graph: Graph, name: string, type: TensorType, table?: Uint32Array) {
  const key = `${name} ${type.dtype} ${type.shape.join("×")}`;
  if (!OPERANDS.has(key)) OPERANDS.set(key, table ?? made(type));
  return graph.input(key, type);
}

/** A matrix product, by a given plan or by the device's own. */
export function product(
  rows: number,
  inner: number,
  columns: number,
  { activation, dtype = "f32", plan }: { activation?: "gelu"; dtype?: DType; plan?: MatmulPlan } = {},
): KernelShape {
  const type = dtype === "f32" ? "" : `, w in ${dtype}`;
  return {
    name: `${activation ? "matmul + gelu" : "addMatmul"} ${rows}×${inner}×${columns}${type}`,
    product: { rows, inner, columns, weights: dtype },
    build(graph) {
      const x = operand(graph, "x", f32(rows, inner));
      const w = operand(graph, "w", { shape: [inner, columns], dtype });
      const bias = operand(graph, "bias", f32(columns));
      if (plan) graph.add("y", matmulAs(plan), [x, w, bias], {});
      else if (activation) graph.add("y", matmul, [x, w, bias], { activation });
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

function attention(N: number): KernelShape[] {
  const scores = heads * N * N;
  const pairs = scores * headWidth;
  const qkv = (graph: Graph) => operand(graph, "qkv", f32(N, 3 * D));
  const slotTable = (graph: Graph) => operand(graph, "slots", u32(2 * reach + 1), SLOTS);
  const bounds = Uint32Array.from({ length: 2 * N }, (_, i) => (i % 2) * N);
  const shared = { heads, headWidth, queryFrom: 0, keyFrom: D, scores, c2p: true, p2c: true, reach, slots, pairs };
  const attrs: ScoreAttrs = { ...shared, singleRows: false, firstQuery: 0 };
  const tileTable = (graph: Graph, device: Capabilities) => {
    const { queries, keys } = scoreTileSize(device, false);
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
        const { queries } = valueTileSize(device, false);
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

const others: KernelShape[] = [
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

const table = (graph: Graph, name: string, entries: number[][]) =>
  operand(graph, name, u32(entries.length, entries[0]!.length), Uint32Array.from(entries.flat()));
const upTo = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** What models for extraction add, for a text of 64 words and 8 labels. */
const extraction: KernelShape[] = [
  {
    name: `poolRows, 64 words of 2 tokens, ${D}`,
    build(graph) {
      const segments = table(
        graph,
        "segments",
        upTo(64, (i) => [2 * i, 2]),
      );
      graph.add("y", poolRows, [operand(graph, "x", f32(128, D)), segments], { pooling: "mean" });
    },
  },
  {
    name: `spanScores, 64 words, 12 widths, 8 labels`,
    build(graph) {
      const [start, end] = ["start", "end"].map((name) => operand(graph, name, f32(64, D)));
      const words = table(
        graph,
        "words",
        upTo(64, () => [0, 8, 64]),
      );
      const operands = [start!, end!, operand(graph, "label", f32(8, D + 4)), words] as const;
      graph.add("y", spanScores, operands, { widths: 12, labels: 8, form: "relu" });
    },
  },
  {
    name: `pairMatmul 512×${D}×${D}`,
    build(graph) {
      const [words, w, bias, labels] = [f32(64, D), f32(D, D), f32(D), f32(8, D)];
      const pairs = table(
        graph,
        "pairs",
        upTo(512, (i) => [Math.floor(i / 8), i % 8]),
      );
      const types = { x: words, w, bias, other: labels, added: words, otherAdded: labels };
      const [a, b, c, d, e, f] = Object.entries(types).map(([name, type]) => operand(graph, `pair ${name}`, type));
      graph.add("y", pairMatmul, [a!, b!, c!, d!, e!, f!, pairs], { activation: "relu" });
    },
  },
  {
    name: `lstm, 64 words, ${D / 2} units`,
    build(graph) {
      const H = D / 2;
      const [gates, weight, bias] = [f32(64, 8 * H), f32(H, 8 * H), f32(8 * H)].map((type, i) =>
        operand(graph, `lstm ${i}`, type),
      );
      const operands = [gates!, weight!, bias!, table(graph, "lstm texts", [[0, 64]])] as const;
      graph.add("y", lstm, operands, { hidden: H, steps: [0, 64] });
    },
  },
  {
    name: `gruStep 8×${D}`,
    build(graph) {
      const operands = [f32(1, 3 * D), f32(8, 3 * D), f32(8, D)].map((type, i) => operand(graph, `gru ${i}`, type));
      graph.add("y", gruStep, [operands[0]!, operands[1]!, operands[2]!], { step: 0 });
    },
  },
  {
    name: "groupAttention, 8 groups of 8 rows, 4 heads of 32",
    build(graph) {
      const bounds = table(
        graph,
        "groups",
        upTo(64, (i) => [8 * Math.floor(i / 8), 8 * Math.floor(i / 8) + 8]),
      );
      graph.add("y", groupAttention, [operand(graph, "group qkv", f32(64, 3 * 128)), bounds], {
        heads: 4,
        scale: 0.18,
      });
    },
  },
];

/** All of them. */
export const KERNEL_SHAPES: readonly KernelShape[] = [
  product(128, D, D),
  product(128, D, F, { activation: "gelu" }),
  product(128, F, D),
  product(32, D, D),
  product(512, D, D),
  product(512, D, F, { activation: "gelu" }),
  product(128, D, D, { dtype: "f16" }),
  product(128, D, D, { dtype: "q8" }),
  product(128, D, D, { dtype: "q4" }),
  product(1, D, D),
  ...attention(32),
  ...attention(128),
  ...attention(512),
  ...others,
  ...extraction,
];
