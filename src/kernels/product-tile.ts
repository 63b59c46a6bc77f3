// The unrolled inner parts of matmul and of attention's values, as WGSL text: a tile of sums in registers, fed straight from
// storage, by subgroup broadcast, or from tiles in workgroup memory; and how the sums of several parts of K become one.
import { lines, once, range } from "./unroll.js";

/** Sums of one thread: `rows` × 4·`vectors`. */
export interface Sums {
  readonly rows: number;
  /** vec4 columns of a thread; `step` apart, so that threads beside each other read what lies side by side. */
  readonly vectors: number;
  readonly step: number;
}

/** A tile that reads its operands straight from storage. */
export interface ProductTile extends Sums {
  /** Lanes of a subgroup that share the rows: lane l loads row l of x, the others get it by broadcast. 0: each loads all. */
  readonly lanes: number;
  /**
   * How a round goes. `together`: rows are loaded where they are used and four products are one expression, which rounds less;
   * processors want it. `apart`: every product is a statement of its own, which compilers for GPUs turn into one multiply-add
   * each (five instructions for four products otherwise). `ahead`: that, and all rows are loaded first, because some
   * compilers keep the order of loads and waits; not where the loads are scalar, as on Intel the values then spill.
   */
  readonly order: "together" | "apart" | "ahead";
  /** Also `multiplyAddAll`: so many groups of four rows of w, `step` apart, in one round. */
  readonly ahead?: { readonly groups: number; readonly step: number };
}

const each = ({ rows, vectors }: Sums, line: (row: number, vector: number) => string): string =>
  lines(rows, (r) =>
    range(vectors)
      .map((v) => line(r, v))
      .join(" "),
  );

const structOf = (sums: Sums): string => `
struct Tile {
${each(sums, (r, v) => `s${r}_${v}: vec4f,`)}
}`;

/** The products of row r, which is `a`, one a statement and row by row: few values live at a time. */
const apartSums = ({ vectors }: Sums, row: number, a: string, weight: (vector: number, k: number) => string): string =>
  range(vectors)
    .flatMap((v) => range(4).map((k) => `(*tile).s${row}_${v} += ${a}.${"xyzw"[k]} * ${weight(v, k)};`))
    .join(" ");

/**
 * A tile of sums of products x · w: `struct Tile`, `tileAt` (where its rows and columns begin, computed once) and
 * `multiplyAdd` (one group of four rows of w).
 *
 * The kernel provides `rowAt(row, tap)` and `loadX(at, k)`: x at vec4 k of a row; `columnAt(column)` and
 * `loadW(group, column)`: four rows of w. `tap` is for convolutions.
 */
export const productTile: (tile: ProductTile) => string = once((tile: ProductTile) => {
  const { rows, vectors, step, lanes, order, ahead } = tile;
  const loads = lanes > 0 ? Math.ceil(rows / lanes) : rows;
  const rowOf = (load: number) =>
    lanes > 0 ? `first + min(${load * lanes}u + lane, ${rows - 1}u)` : `first + ${load}u`;
  // Rows that lanes share are loaded first, so that the sums hide the wait.
  const shared = range(lanes > 0 ? loads : 0).map((l) => `  let x${l} = loadX((*at).x${l}, k);\n`);
  const load = (r: number) =>
    lanes === 0
      ? `let a = loadX((*at).x${r}, k);`
      : `let a = subgroupBroadcast(x${Math.floor(r / lanes)}, ${r % lanes}u);`;
  const sum = (r: number, v: number) =>
    `(*tile).s${r}_${v} += ${range(4)
      .map((k) => `a.${"xyzw"[k]} * w${v}[${k}]`)
      .join(" + ")};`;
  const weights = lines(vectors, (v) => `  let w${v} = loadW(group, (*at).w${v});`);
  const together = lines(
    rows,
    (r) =>
      `  { ${load(r)} ${range(vectors)
        .map((v) => sum(r, v))
        .join(" ")} }`,
  );
  const product = (r: number) => apartSums(tile, r, `a${r}`, (v, k) => `w${v}[${k}]`);
  const row = (r: number) => `let a${r} = loadX((*at).x${r}, k);`;
  const round = {
    together: `${shared.join("")}${weights}\n${together}`,
    apart: `${weights}\n${lines(rows, (r) => `  ${row(r)} ${product(r)}`)}`,
    ahead: `${lines(rows, (r) => `  ${row(r)}`)}\n${weights}\n${lines(rows, (r) => `  ${product(r)}`)}`,
  }[order];
  return `${structOf(tile)}
struct TileAt {
${lines(loads, (l) => `  x${l}: u32,`)}
${lines(vectors, (v) => `  w${v}: u32,`)}
}
fn tileAt(first: u32, column: u32, lane: u32, tap: u32) -> TileAt {
  var at: TileAt;
${lines(loads, (l) => `  at.x${l} = rowAt(${rowOf(l)}, tap);`)}
${lines(vectors, (v) => `  at.w${v} = columnAt(column + ${v * step}u);`)}
  return at;
}
fn multiplyAdd(tile: ptr<function, Tile>, at: ptr<function, TileAt>, k: u32, group: u32) {
${round}
}${ahead ? multiplyAddAll(tile, ahead) : ""}`;
});

function multiplyAddAll(tile: ProductTile, { groups, step }: NonNullable<ProductTile["ahead"]>): string {
  const { rows, vectors } = tile;
  const later = (g: number) => (g === 0 ? "" : ` + ${g * step}u`);
  return `
fn multiplyAddAll(tile: ptr<function, Tile>, at: ptr<function, TileAt>, k: u32, group: u32) {
${lines(groups, (g) => lines(rows, (r) => `  let a${g}_${r} = loadX((*at).x${r}, k${later(g)});`))}
${lines(groups, (g) => lines(vectors, (v) => `  let w${g}_${v} = loadW(group${later(g)}, (*at).w${v});`))}
${lines(groups, (g) => lines(rows, (r) => `  ${apartSums(tile, r, `a${g}_${r}`, (v, k) => `w${g}_${v}[${k}]`)}`))}
}`;
}

/** Tiles in workgroup memory: `threads` [x, y] of `rows` × `vectors` sums each, `parts` times, and `groups` vec4 along K. */
export interface StagedTile {
  readonly rows: number;
  readonly vectors: number;
  readonly threads: readonly [x: number, y: number];
  readonly parts: number;
  readonly groups: number;
  /** Whether K is no multiple of the tile: steps beyond its end are then zero. */
  readonly ragged: boolean;
}

/** vec4 of workgroup memory that the tiles of x and w take. A row of x is one vec4 longer than needed: fewer bank conflicts. */
export function stagedSize({ rows, vectors, threads: [x, y], groups }: Omit<StagedTile, "ragged">): number {
  return rows * y * (groups + 1) + 4 * groups * vectors * x;
}

/**
 * Sums from tiles of x and w in workgroup memory (`memory`, an array of vec4f): `struct Tile`, `stagingAt` (the rows of x and
 * columns of w that a thread brings), `stage` (brings one step of K for the whole workgroup) and `multiplyStaged` (a thread's
 * share of it, unrolled). The kernel provides the same functions as for `productTile`.
 */
export const stagedTile: (tile: StagedTile) => string = once(
  ({ rows, vectors, threads: [x, y], parts, groups, ragged }: StagedTile) => {
    const count = x * y * parts;
    const width = x * vectors;
    const xCount = rows * y * groups;
    const wCount = groups * width;
    const stride = groups + 1;
    const base = rows * y * stride;
    const xLoads = Math.ceil(xCount / count);
    const wLoads = Math.ceil(wCount / count);
    const sums: Sums = { rows, vectors, step: x };
    /** The element of a load, and the condition under which a thread has one. */
    const element = (load: number) => (load === 0 ? "index" : `(index + ${load * count}u)`);
    const guarded = (load: number, all: number, text: string) =>
      (load + 1) * count > all ? `  if (index < ${all - load * count}u) { ${text} }` : `  ${text}`;
    const loadX = (l: number) => {
      const step = `k + ${element(l)} % ${groups}u`;
      const load = `loadX((*at).x${l}, ${step})`;
      return `a${l} = ${ragged ? `select(vec4f(0.0), ${load}, ${step} < inner)` : load};`;
    };
    const loadW = (l: number) => {
      const step = `k + ${element(l)} / ${width}u`;
      return `w${l} = loadW(firstGroup + ${ragged ? `min(${step}, inner - 1u)` : step}, (*at).w${l});`;
    };
    const storeX = (l: number) =>
      `memory[${element(l)} / ${groups}u * ${stride}u + ${element(l)} % ${groups}u] = a${l};`;
    const storeW = (l: number) =>
      range(4)
        .map(
          (k) =>
            `memory[${base + k * width}u + ${element(l)} / ${width}u * ${4 * width}u + ${element(l)} % ${width}u] = w${l}[${k}];`,
        )
        .join(" ");
    const multiply = (group: number) => `  {
${lines(4, (k) =>
  range(vectors)
    .map((v) => `    let w${k}_${v} = memory[wAt + ${group * 4 * width + k * width + v * x}u];`)
    .join(" "),
)}
${lines(rows, (r) => `    { let a = memory[xAt + ${r * stride + group}u]; ${apartSums(sums, r, "a", (v, k) => `w${k}_${v}`)} }`)}
  }`;
    return `${structOf(sums)}
struct Staging {
${lines(xLoads, (l) => `  x${l}: u32,`)}
${lines(wLoads, (l) => `  w${l}: u32,`)}
}
fn stagingAt(first: u32, column: u32, index: u32, tap: u32) -> Staging {
  var at: Staging;
${lines(xLoads, (l) => `  at.x${l} = rowAt(first + ${element(l)} / ${groups}u, tap);`)}
${lines(wLoads, (l) => `  at.w${l} = columnAt(column + ${element(l)} % ${width}u);`)}
  return at;
}
fn stage(at: ptr<function, Staging>, k: u32, inner: u32, firstGroup: u32, index: u32) {
${lines(xLoads, (l) => `  var a${l}: vec4f;`)}
${lines(wLoads, (l) => `  var w${l}: mat4x4f;`)}
${lines(xLoads, (l) => guarded(l, xCount, loadX(l)))}
${lines(wLoads, (l) => guarded(l, wCount, loadW(l)))}
  workgroupBarrier();
${lines(xLoads, (l) => guarded(l, xCount, storeX(l)))}
${lines(wLoads, (l) => guarded(l, wCount, storeW(l)))}
  workgroupBarrier();
}
fn multiplyStaged(tile: ptr<function, Tile>, thread: vec3u) {
  let xAt = thread.y * ${rows * stride}u + thread.z;
  let wAt = ${base}u + thread.z * ${4 * width}u + thread.x;
${lines(groups / parts, (part) => multiply(part * parts))}
}`;
  },
);

/** More parts than these are added to so many sums first. */
const [MOST_PARTS, FIRST_PARTS] = [16, 8] as const;

/**
 * `storeTile`: hands every sum to `store(row, column, sum)`. With more than one part of K, whose threads lie `threads` apart,
 * the parts' sums are added first, in order, through workgroup memory (`memory`); the parts share that work.
 */
export const storeTile: (sums: Sums, parts?: number, threads?: number) => string = once(
  ({ rows, vectors, step }: Sums, parts = 1, threads = 0) => {
    const store = (r: number, v: number, sum: string) => `store(first + ${r}u, column + ${v * step}u, ${sum});`;
    if (parts === 1)
      return `
fn storeTile(tile: ptr<function, Tile>, first: u32, column: u32, index: u32) {
${each({ rows, vectors, step }, (r, v) => `  ${store(r, v, `(*tile).s${r}_${v}`)}`)}
}`;
    // Two halves of memory in turn, so that a sum waits for no reader of the one before.
    const half = (at: number) => (at % 2 === 0 ? "" : `${parts * threads}u + `);
    // Many parts are added in two steps: in one a few threads would read them all, one after another.
    const first = parts > MOST_PARTS ? FIRST_PARTS : parts;
    const turn = (r: number, v: number) => {
      const at = r * vectors + v;
      const step = `
  if (index < ${first * threads}u) { memory[${half(at)}index] = sumOfParts(${half(at)}index, ${parts}u, ${first}u); }
  workgroupBarrier();`;
      return `  memory[${half(at)}index] = (*tile).s${r}_${v};
  workgroupBarrier();${first < parts ? step : ""}
  if (index / ${threads}u == ${at % parts}u) { ${store(r, v, `sumOfParts(${half(at)}index % ${threads}u, ${first}u, 1u)`)} }`;
    };
    return `
fn sumOfParts(at: u32, parts: u32, step: u32) -> vec4f {
  var sum = memory[at];
  for (var part = step; part < parts; part += step) { sum += memory[at + part * ${threads}u]; }
  return sum;
}
fn storeTile(tile: ptr<function, Tile>, first: u32, column: u32, index: u32) {
  workgroupBarrier();
${range(rows)
  .flatMap((r) => range(vectors).map((v) => turn(r, v)))
  .join("\n")}
}`;
  },
);
