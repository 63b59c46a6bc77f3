// Which body computes a matrix product, and with what tile: a pure function of the product's sizes and the device.
// Shares of peak are estimates of a lab that compiles for these GPUs without having them, for 128×768×768 unless another size
// stands beside them; nothing here was timed on one.
import { type Capabilities, type DType, hasManyRegisters } from "../kernel.js";

/** Sizes of a product, in elements. */
export interface MatmulShape {
  /** T, of x and y. */
  readonly rows: number;
  /** Length of the sums: K. */
  readonly inner: number;
  /** N, of w and y. */
  readonly columns: number;
  /** More than 1: a convolution, whose rows are masked as they are read, which takes registers. */
  readonly taps?: number;
  /** How w lies on the device. Default: f32. */
  readonly weights?: DType;
}

/** A body and its tile. Every thread has `rows` × 4·`vectors` sums. */
export interface MatmulPlan {
  /** The .wgsl file: subgroup broadcast, straight from storage, the same for few rows, or through tiles in workgroup memory. */
  readonly body: "subgroup" | "direct" | "few-rows" | "shared";
  /** Rows of sums of a thread. */
  readonly rows: number;
  /** vec4 of sums in each of its rows. */
  readonly vectors: number;
  /** Threads along columns and rows; of `subgroup`, the lanes. */
  readonly threads: readonly [x: number, y: number];
  /** How many sets of threads share K; their sums are added in order, in workgroup memory. */
  readonly parts: number;
  /** `shared`: vec4 along K of one tile. `few-rows`: groups of four rows of w in one round. */
  readonly groups: number;
}

/** A plan in words. */
export function planText({ body, rows, vectors, threads: [x, y], parts, groups }: MatmulPlan): string {
  const threads = body === "subgroup" ? `${x} lanes` : y > 1 ? `${x}×${y} threads` : `${x} threads`;
  const round = body === "few-rows" ? `, ${groups} groups at a time` : "";
  return `${body} ${rows}×${4 * vectors}, ${threads}${parts > 1 ? `, K in ${parts}` : ""}${round}`;
}

type Rule = (shape: MatmulShape, device: Capabilities) => MatmulPlan;

const subgroup = (rows: number, lanes: number, vectors = 1): MatmulPlan => ({
  ...{ body: "subgroup", rows, vectors, threads: [lanes, 1], parts: 1, groups: 1 },
});

const direct = (rows: number, threads: number, parts = 1, vectors = 1): MatmulPlan => ({
  ...{ body: "direct", rows, vectors, threads: [threads, 1], parts, groups: 1 },
});

const few = (rows: number, threads: number, parts: number, vectors = 1): MatmulPlan => ({
  ...{ body: "few-rows", rows, vectors, threads: [threads, 1], parts, groups: 2 },
});

const shared = (
  rows: number,
  vectors: number,
  threads: readonly [number, number],
  groups: number,
  parts = 1,
): MatmulPlan => ({ body: "shared", rows, vectors, threads, parts, groups });

/** Workgroups of a plan. */
function workgroups({ rows, columns }: MatmulShape, plan: MatmulPlan): number {
  const across = Math.ceil(columns / 4 / plan.vectors / plan.threads[0]);
  return across * Math.ceil(rows / plan.rows / plan.threads[1]);
}

/** The first plan if it gives at least so many workgroups, else the second, which makes more threads of the same product. */
const ifMany =
  (count: number, many: MatmulPlan, few: MatmulPlan): Rule =>
  (shape) =>
    workgroups(shape, many) >= count ? many : few;

/** Where lanes are few, products of so many multiply-adds have wider tiles, and of more rows than these taller ones. */
const LARGE = { products: 2 ** 21, rows: 64 } as const;

/**
 * Processors: broadcast among the lanes of a subgroup, or register tiles; no workgroup memory, which they set to zero before
 * every workgroup. One with eight lanes (lavapipe) likes tall tiles, as loads are dear there. One with four (SwiftShader) loads
 * every number by itself, behind a branch: 16×8 gives 6.6 GFLOP/s, 8×8 5.6 and 8×4 4.8 (without subgroups 16×12 6.2, 8×12 5.1),
 * but 16×8 takes 0.5 s to compile, 8×8 0.2, 8×4 0.15: small products and short texts would win that back late.
 */
const software: Rule = ({ rows, inner, columns }, { subgroupSize: lanes }) => {
  const isLarge = lanes <= 4 && rows > 4 && rows * inner * columns >= LARGE.products;
  const isTall = isLarge && rows > LARGE.rows;
  if (lanes === 0) return direct(rows <= 4 ? 4 : isTall ? 16 : 8, 4, 1, 3);
  const most = lanes > 4 ? 32 : isTall ? 16 : 8;
  return subgroup(Math.min(most, Math.max(4, 2 ** Math.ceil(Math.log2(rows)))), lanes, isLarge ? 2 : 1);
};

/**
 * AMD: rows of x by scalar loads, 91 % at 512×768×3072. Below 256 waves a large GPU (192 SIMDs) stands idle: K in 8 parts then
 * gives 67 % instead of 9 % there, and costs a small one 76 → 67 %.
 */
const amd: Rule = ifMany(256, direct(8, 64), direct(8, 32, 8));

/** Intel up to Xe-LP (at most 96 EUs): 8×4 fills them; K in parts loses the block loads of x, 74 → 22 %. Convolutions by 8×4 spill. */
const intelSmall: Rule = ({ taps = 1 }) => direct(taps > 1 ? 4 : 8, 64);

/**
 * Intel from Alchemist on (up to 512 EUs): below 256 workgroups 8 parts of 4×4 give 67 % instead of 28 %. 8×4 in parts spills 24 values
 * a round of floats and halves, but none of integers, whose conversion it halves: 68 instead of 55 % with q8, 53 instead of 38 with q4.
 */
const intel: Rule = (shape, device) => {
  const { taps = 1, weights = "f32" } = shape;
  const isTall = taps === 1 && (weights === "q8" || weights === "q4");
  return ifMany(256, intelSmall(shape, device), direct(isTall ? 8 : 4, 32, 8))(shape, device);
};

/**
 * NVIDIA: tiles of 64×64 through workgroup memory, 86 % at 512×768×3072 (straight from storage 58 %). Below 192 workgroups
 * tiles of 32×32 with K in 8: 60 % instead of 17 %; above that they would cost 86 → 70 %.
 */
const nvidia: Rule = ifMany(192, shared(8, 2, [8, 8], 4), shared(8, 2, [4, 4], 8, 8));

/** Apple: 16 sums a thread leave 832 of 1024 threads a core, 32 with an epilogue 576, 64 only 384. Below 64 workgroups K in 8, with 640. */
const apple: Rule = ifMany(64, shared(4, 1, [16, 16], 4), shared(8, 1, [8, 4], 8, 8));

/** Adreno: few, wide cores: 91 %, with 32 sums a thread 81 %. */
const qualcomm: Rule = () => shared(8, 2, [8, 8], 4);

/** Mali and PowerVR: not in the lab. Few registers a thread, so 16 sums. */
const mobile: Rule = () => shared(4, 1, [8, 8], 8);

/** Unknown GPUs: what needs no feature, little memory and spills nowhere. */
const unknown: Rule = intel;

/** By vendor and architecture as GPUAdapterInfo gives them; some browsers give the PCI number instead of the vendor's name. */
const RULES: readonly (readonly [vendor: RegExp, architecture: RegExp, rule: Rule])[] = [
  [/^(amd|4098)$/, /./, amd],
  [/^intel$/, /^gen-(7|8|9|11|12lp)/, intelSmall],
  [/^(intel|32902)$/, /./, intel],
  [/^(nvidia|4318)$/, /./, nvidia],
  [/^(apple|4203)$/, /./, apple],
  [/^(qualcomm|20803)$/, /./, qualcomm],
  [/^(arm|img-tec|5045|4112)$/, /./, mobile],
];

/** Products of at most so many rows have K cut among the threads of a workgroup: the weights are all they read. */
const FEW_ROWS = 8;

/**
 * Few rows on a GPU: as many loads at a time as registers allow, and as many threads as read them. Of 1×768×768 the useful share is 11 %
 * on the largest AMD, 19 % on NVIDIA and 35 % on Alchemist; with one group at a time and K in 64 it would be 7, 17 and 32 %. From
 * 3 rows on, two groups at a time would spill 57 values a round on Intel; elsewhere they give 50 instead of 41 %.
 */
const fewRows: Rule = ({ rows }, device) => {
  if (rows === 1) return few(1, 2, 128, 2);
  if (rows === 2) return few(2, 4, 64);
  return hasManyRegisters(device) ? few(4, 4, 64) : direct(4, 4, 64);
};

/** The plan of a product on a device. */
export function planMatmul(shape: MatmulShape, device: Capabilities): MatmulPlan {
  if (device.software) return software(shape, device);
  if (shape.rows <= FEW_ROWS && device.workgroupThreads >= 256) return fewRows(shape, device);
  const known = RULES.find(
    ([vendor, architecture]) => vendor.test(device.vendor) && architecture.test(device.architecture || "?"),
  );
  return (known?.[2] ?? unknown)(shape, device);
}
