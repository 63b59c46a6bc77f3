// The unrolled inner parts of matmul, attention scores and attention values, as WGSL text. Plain loops over arrays
// reach only half of this speed; WGSL has no unroll directive, and subgroupBroadcast wants a constant lane.
// Kernels read as the algorithm; only these functions are generated, by ordinary loops.

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const lines = (count: number, line: (index: number) => string): string => range(count).map(line).join("\n");

/** Size of a tile of products: `rows` × 4·`vectors` sums a thread. */
export interface ProductTile {
  readonly rows: number;
  /** vec4 columns of a thread; `step` apart, so that threads beside each other read what lies side by side. */
  readonly vectors: number;
  readonly step: number;
  /** Lanes of a subgroup that share the rows: lane l loads row l of x, the others get it by broadcast. 0: each loads all. */
  readonly lanes: number;
}

/**
 * A tile of sums of products x · w: `struct Tile`, `tileAt` (where its rows and columns begin, computed once),
 * `multiplyAdd` (one group of four rows of w) and `storeTile`.
 *
 * The kernel provides `rowAt(row, tap)` and `loadX(at, k)`: x at vec4 k of a row; `columnAt(column)` and
 * `loadW(group, column)`: four rows of w; `store(row, column, sum)`. `tap` is for convolutions.
 */
export function productTile({ rows, vectors, step, lanes }: ProductTile): string {
  const loads = lanes > 0 ? Math.ceil(rows / lanes) : rows;
  const rowOf = (load: number) =>
    lanes > 0 ? `first + min(${load * lanes}u + lane, ${rows - 1}u)` : `first + ${load}u`;
  // Rows that lanes share are loaded first, so that the sums hide the wait; others where they are used: few registers.
  const shared = range(lanes > 0 ? loads : 0).map((l) => `  let x${l} = loadX((*at).x${l}, k);\n`);
  const load = (r: number) =>
    lanes === 0
      ? `let a = loadX((*at).x${r}, k);`
      : `let a = subgroupBroadcast(x${Math.floor(r / lanes)}, ${r % lanes}u);`;
  const sum = (r: number, v: number) =>
    `(*tile).s${r}_${v} += ${range(4)
      .map((k) => `a.${"xyzw"[k]} * w${v}[${k}]`)
      .join(" + ")};`;
  const perVector = (line: (vector: number) => string) => range(vectors).map(line).join(" ");
  return `
struct Tile {
${lines(rows, (r) => `  ${perVector((v) => `s${r}_${v}: vec4f,`)}`)}
}
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
${shared.join("")}${lines(vectors, (v) => `  let w${v} = loadW(group, (*at).w${v});`)}
${lines(rows, (r) => `  { ${load(r)} ${perVector((v) => sum(r, v))} }`)}
}
fn storeTile(tile: ptr<function, Tile>, first: u32, column: u32) {
${lines(rows, (r) => `  ${perVector((v) => `store(first + ${r}u, column + ${v * step}u, (*tile).s${r}_${v});`)}`)}
}`;
}

/** Which relative terms a score tile adds to content: query · posK (c2p), key · posQ (p2c). */
export interface RelativeTerms {
  readonly content: boolean;
  readonly c2p: boolean;
  readonly p2c: boolean;
}

/**
 * A tile of `rows` × `columns` dot products of queries and keys, with both relative terms in the same sums: the slot
 * depends on i − j only, so the tile touches just rows + columns − 1 rows of posK and posQ.
 *
 * The kernel provides `queryAt(row)`, `keyAt(column)`, `relativeAt(difference)`: vec4 index of the first element.
 */
export function scoreTile({ rows, columns, terms }: { rows: number; columns: number; terms: RelativeTerms }): string {
  const relative = terms.c2p || terms.p2c;
  const distances = relative ? rows + columns - 1 : 0;
  const product = (r: number, c: number) => {
    const key = [terms.content ? `k${c}` : "", terms.c2p ? "a" : ""].filter(Boolean).join(" + ");
    const sums = [key && `dot(q${r}, ${key})`, terms.p2c ? `dot(k${c}, b)` : ""];
    return `(*tile).s${r}_${c} += ${sums.filter(Boolean).join(" + ") || "0.0"};`;
  };
  // By distance, so that a row of posK and posQ lives only while the pairs at that distance use it: few registers.
  const atDistance = (t: number) =>
    range(rows)
      .map((r) => ({ r, c: r - t + columns - 1 }))
      .filter(({ c }) => c >= 0 && c < columns)
      .map(({ r, c }) => product(r, c))
      .join(" ");
  const relativeRows = (t: number) =>
    [terms.c2p ? `let a = posK[(*at).p${t} + c];` : "", terms.p2c ? `let b = posQ[(*at).p${t} + c];` : ""].join(" ");
  const sums = relative
    ? lines(distances, (t) => `  { ${relativeRows(t)} ${atDistance(t)} }`)
    : lines(
        rows,
        (r) =>
          `  ${range(columns)
            .map((c) => product(r, c))
            .join(" ")}`,
      );
  return `
struct Tile {
${lines(rows, (r) =>
  range(columns)
    .map((c) => `  s${r}_${c}: f32,`)
    .join(""),
)}
}
struct TileRows {
${lines(rows, (r) => `  q${r}: u32,`)}
${lines(columns, (c) => `  k${c}: u32,`)}
${lines(distances, (t) => `  p${t}: u32,`)}
}
fn tileRows(row: u32, column: u32) -> TileRows {
  var at: TileRows;
${lines(rows, (r) => `  at.q${r} = queryAt(row + ${r}u);`)}
${lines(columns, (c) => `  at.k${c} = keyAt(column + ${c}u);`)}
${lines(distances, (t) => `  at.p${t} = relativeAt(i32(row) - i32(column) + ${t - columns + 1});`)}
  return at;
}
fn multiplyAdd(tile: ptr<function, Tile>, at: ptr<function, TileRows>, c: u32) {
${lines(rows, (r) => `  let q${r} = query[(*at).q${r} + c];`)}
${lines(columns, (k) => `  let k${k} = key[(*at).k${k} + c];`)}
${sums}
}
fn storeTile(tile: ptr<function, Tile>, row: u32, column: u32) {
${lines(rows, (r) =>
  range(columns)
    .map((c) => `  store(row + ${r}u, column + ${c}u, (*tile).s${r}_${c});`)
    .join("\n"),
)}
}`;
}
