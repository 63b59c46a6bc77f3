// The unrolled inner part of attention's scores, as WGSL text, as product-tile.ts is for matmul.
import { lines, range } from "./unroll.js";

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
