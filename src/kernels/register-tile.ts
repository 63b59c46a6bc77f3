// The unrolled inner parts of matmul, attention scores and attention values, as WGSL text. Plain loops over arrays
// reach only half of this speed; WGSL has no unroll directive, and subgroupBroadcast wants a constant lane.
// Kernels read as the algorithm; only these functions are generated, by ordinary loops.

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const lines = (count: number, line: (index: number) => string): string => range(count).map(line).join("\n");

/**
 * A tile of `rows` × 4·`vectors` sums of products: `struct Tile` and
 * `multiplyAdd(tile, first, k, lane, w…)` with four weight rows per step and `vectors` vec4 columns.
 *
 * With `lanes` > 0 the lanes of a subgroup share the rows: lane l loads row l of x, everybody gets it by broadcast.
 * With `lanes` = 0 each thread loads all rows itself. Rows come from `loadX(row, k)`, which the kernel provides.
 */
export function productTile({ rows, vectors, lanes }: { rows: number; vectors: number; lanes: number }): string {
  const weights = range(vectors).flatMap((v) => range(4).map((k) => `w${k}_${v}: vec4f`));
  const loads = lanes > 0 ? Math.ceil(rows / lanes) : rows;
  const rowOf = (load: number) =>
    lanes > 0 ? `first + min(${load * lanes}u + lane, ${rows - 1}u)` : `first + ${load}u`;
  const value = (row: number) =>
    lanes > 0 ? `subgroupBroadcast(x${Math.floor(row / lanes)}, ${row % lanes}u)` : `x${row}`;
  return `
struct Tile {
${lines(rows, (r) =>
  range(vectors)
    .map((v) => `  s${r}_${v}: vec4f,`)
    .join(""),
)}
}
fn multiplyAdd(tile: ptr<function, Tile>, first: u32, k: u32, lane: u32, ${weights.join(", ")}) {
${lines(loads, (l) => `  let x${l} = loadX(${rowOf(l)}, k);`)}
${lines(rows, (r) => {
  const sums = range(vectors).map((v) =>
    range(4)
      .map((k) => `(*tile).s${r}_${v} += a.${"xyzw"[k]} * w${k}_${v};`)
      .join(" "),
  );
  return `  { let a = ${value(r)}; ${sums.join(" ")} }`;
})}
}
fn storeTile(tile: ptr<function, Tile>, first: u32, column: u32) {
${lines(rows, (r) =>
  range(vectors)
    .map((v) => `  store(first + ${r}u, column + ${v}u, (*tile).s${r}_${v});`)
    .join("\n"),
)}
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
  const distances = terms.c2p || terms.p2c ? rows + columns - 1 : 0;
  const product = (r: number, c: number) => {
    const distance = r - c + columns - 1;
    const key = [terms.content ? `k${c}` : "", terms.c2p ? `a${distance}` : ""].filter(Boolean).join(" + ");
    const sums = [key && `dot(q${r}, ${key})`, terms.p2c ? `dot(k${c}, b${distance})` : ""];
    return sums.filter(Boolean).join(" + ") || "0.0";
  };
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
${terms.c2p ? lines(distances, (t) => `  let a${t} = posK[(*at).p${t} + c];`) : ""}
${terms.p2c ? lines(distances, (t) => `  let b${t} = posQ[(*at).p${t} + c];`) : ""}
${lines(rows, (r) =>
  range(columns)
    .map((c) => `  (*tile).s${r}_${c} += ${product(r, c)};`)
    .join("\n"),
)}
}
fn storeTile(tile: ptr<function, Tile>, row: u32, column: u32) {
${lines(rows, (r) =>
  range(columns)
    .map((c) => `  store(row + ${r}u, column + ${c}u, (*tile).s${r}_${c});`)
    .join("\n"),
)}
}`;
}
