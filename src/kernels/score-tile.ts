// The unrolled inner parts of attention's scores, as WGSL text, as product-tile.ts is for matmul: dot products of query and key rows
// with both relative terms in the same sums. The slot depends on i − j only, so rows × columns scores touch just
// rows + columns − 1 rows of posK and posQ.
import { type Shader, shader } from "./shader.js";
import { lines, once, range } from "./unroll.js";
import directBody from "./score-direct.wgsl?raw";
import stagedBody from "./score-staged.wgsl?raw";

/** Which terms a score has: content, query · posK (c2p), key · posQ (p2c). */
export interface ScoreTerms {
  readonly content: boolean;
  readonly c2p: boolean;
  readonly p2c: boolean;
}

/** How a workgroup shares its scores out. */
export interface ScoreGeometry {
  /** Straight from storage, or through tiles in workgroup memory, whose rows and columns a thread has a stride of threads apart. */
  readonly body: "direct" | "staged";
  /** Scores of one thread. */
  readonly rows: number;
  readonly columns: number;
  /** `staged`: equal, so that a thread's differences i − j are few. */
  readonly threadsX: number;
  readonly threadsY: number;
  /** `staged`: how many sets of threads share the head's width; their sums are added in order. */
  readonly parts: number;
  /** `staged`: vec4 along the head of one tile. */
  readonly groups: number;
}

/** A geometry in words. */
export function geometryText({ body, rows, columns, threadsX, threadsY, parts }: ScoreGeometry): string {
  return `${body} ${rows}×${columns}, ${threadsX}×${threadsY} threads${parts > 1 ? `, head in ${parts}` : ""}`;
}

/**
 * The shader of a kernel whose `common` WGSL provides `origin(group)` (first row and column of a workgroup's tile),
 * `isNeeded(group, first, size)`, `begin(group)`, and `queryAt(row)`, `keyAt(column)`, `relativeAt(difference)`: vec4 index of the first
 * element; and `store(row, column, sum)`.
 */
export function scoreShader(
  file: string,
  geometry: ScoreGeometry,
  terms: ScoreTerms,
  width: number,
  common: readonly string[],
): Shader {
  const { body, rows, columns, threadsX, threadsY, parts, groups } = geometry;
  const constants = { ROWS: rows, COLUMNS: columns, THREADS_X: threadsX, THREADS_Y: threadsY };
  if (body === "direct") {
    const functions = [...common, scoreTile(rows, columns, terms)];
    return shader(directBody, { file: `${file} (score-direct.wgsl)`, constants, functions });
  }
  return shader(stagedBody, {
    file: `${file} (score-staged.wgsl)`,
    constants: { ...constants, PARTS: parts, GROUPS: groups },
    functions: [...common, stagedScoreTile(geometry, terms, width % (4 * groups) > 0)],
  });
}

const tileStruct = (rows: number, columns: number): string => `
struct Tile {
${lines(rows, (r) =>
  range(columns)
    .map((c) => `  s${r}_${c}: f32,`)
    .join(""),
)}
}`;

/** Pairs of a tile whose difference is t + 1 − columns. */
const pairsAt = (rows: number, columns: number, t: number): { r: number; c: number }[] =>
  range(rows)
    .map((r) => ({ r, c: r - t + columns - 1 }))
    .filter(({ c }) => c >= 0 && c < columns);

const scoreTile = once((rows: number, columns: number, terms: ScoreTerms) => {
  const relative = terms.c2p || terms.p2c;
  const distances = relative ? rows + columns - 1 : 0;
  const product = (r: number, c: number) => {
    const key = [terms.content ? `k${c}` : "", terms.c2p ? "a" : ""].filter(Boolean).join(" + ");
    const sums = [key && `dot(q${r}, ${key})`, terms.p2c ? `dot(k${c}, b)` : ""];
    return `(*tile).s${r}_${c} += ${sums.filter(Boolean).join(" + ") || "0.0"};`;
  };
  // By distance, so that a row of posK and posQ lives only while the pairs at that distance use it: few registers.
  const atDistance = (t: number) =>
    pairsAt(rows, columns, t)
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
  return `${tileStruct(rows, columns)}
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
});

/** One kind of rows that a workgroup brings into its memory. */
interface Staged {
  /** The table they come from, its `…At` function's argument for row i, and where they begin in memory. */
  readonly name: string;
  readonly address: (i: string) => string;
  readonly rows: number;
  readonly from: number;
}

const stagedScoreTile = once((geometry: ScoreGeometry, terms: ScoreTerms, ragged: boolean) => {
  const { rows, columns, threadsX: side, threadsY, parts, groups } = geometry;
  const stride = groups + 1; // a row is one vec4 longer than needed: threads beside each other then read different banks
  const count = side * threadsY * parts;
  const [queries, keys] = [rows * threadsY, columns * side];
  const relative = terms.c2p || terms.p2c;
  const distances = relative ? queries + keys - 1 : 0;
  const kinds = ["query", "key", terms.c2p ? "posK" : "", terms.p2c ? "posQ" : ""].filter(Boolean);
  let end = 0;
  const staged = kinds.map((name): Staged => {
    const from = end;
    const count = name === "query" ? queries : name === "key" ? keys : distances;
    end += count * stride;
    const address = (i: string) =>
      name === "query"
        ? `queryAt(first.x + ${i})`
        : name === "key"
          ? `keyAt(first.y + ${i})`
          : `relativeAt(i32(first.x) - i32(first.y) + i32(${i}) - ${keys - 1})`;
    return { name, address, rows: count, from };
  });
  const apart = count / groups; // rows between two loads of a thread
  const rowOf = (load: number) => (load === 0 ? "row" : `(row + ${load * apart}u)`);
  const loadsOf = ({ rows }: Staged) => range(Math.ceil(rows / apart));
  // Both relative tables have the same slots.
  const addressed = staged.filter(({ name }) => name !== "posQ" || !terms.c2p);
  const field = (name: string, load: number) => `${name === "posQ" && terms.c2p ? "posK" : name}${load}`;
  const fields = addressed.flatMap((kind) => loadsOf(kind).map((load) => ({ kind, load })));
  const bring = (kind: Staged, load: number) => {
    const element = `${kind.name}[(*at).${field(kind.name, load)} + c]`;
    const value = ragged ? `select(vec4f(0.0), ${element}, c < params.width)` : element;
    const text = `memory[${kind.from}u + ${rowOf(load)} * ${stride}u + group] = ${value};`;
    return (load + 1) * apart > kind.rows ? `  if (row < ${kind.rows - load * apart}u) { ${text} }` : `  ${text}`;
  };
  const fromOf = (name: string) => staged.find((kind) => kind.name === name)?.from ?? 0;
  const product = (sum: string, a: string, b: string) =>
    range(4)
      .map((k) => `${sum} += ${a}.${"xyzw"[k]} * ${b}.${"xyzw"[k]};`)
      .join(" ");
  const content = (r: number, c: number) => product(`(*tile).s${r}_${c}`, `q${r}`, `k${c}`);
  const pRead = (name: string, t: number) =>
    `memory[pAt + ${fromOf(name) - fromOf(kinds[2]!) + t * side * stride}u + g]`;
  const relatives = (name: string, value: string, factor: (r: number, c: number) => string) =>
    lines(rows + columns - 1, (t) => {
      const sums = pairsAt(rows, columns, t).map(({ r, c }) => product(`(*tile).s${r}_${c}`, factor(r, c), value));
      return `    { let ${value} = ${pRead(name, t)}; ${sums.join(" ")} }`;
    });
  const kRead = (c: number) => `let k${c} = memory[kAt + ${c * side * stride}u + g];`;
  const threads = side * threadsY;
  const store = (r: number, c: number, sum: string) =>
    `store(first.x + thread.y + ${r * threadsY}u, first.y + thread.x + ${c * side}u, ${sum});`;
  const sums = (r: number) =>
    `vec4f(${range(4)
      .map((c) => (c < columns ? `(*tile).s${r}_${c}` : "0.0"))
      .join(", ")})`;
  const half = (r: number) => (r % 2 === 0 ? "" : `${parts * threads}u + `);
  const storeParts = (r: number) => `  memory[${half(r)}index] = ${sums(r)};
  workgroupBarrier();
  if (thread.z == ${r % parts}u) {
    let sum = sumOfParts(${half(r)}index % ${threads}u);
${lines(columns, (c) => `    ${store(r, c, `sum[${c}]`)}`)}
  }`;
  const storeAll = lines(rows, (r) =>
    range(columns)
      .map((c) => `  ${store(r, c, `(*tile).s${r}_${c}`)}`)
      .join("\n"),
  );
  return `${tileStruct(rows, columns)}
var<workgroup> memory: array<vec4f, ${Math.max(end, parts > 1 ? 2 * parts * threads : 0)}>;
struct Staging {
${fields.map(({ kind, load }) => `  ${field(kind.name, load)}: u32,`).join("\n")}
}
fn stagingAt(first: vec2u, index: u32) -> Staging {
  var at: Staging;
  let row = index / ${groups}u;
${fields.map(({ kind, load }) => `  at.${field(kind.name, load)} = ${kind.address(rowOf(load))};`).join("\n")}
  return at;
}
fn stage(at: ptr<function, Staging>, start: u32, index: u32) {
  let row = index / ${groups}u;
  let group = index % ${groups}u;
  let c = start + group;
  workgroupBarrier();
${staged.flatMap((kind) => loadsOf(kind).map((load) => bring(kind, load))).join("\n")}
  workgroupBarrier();
}
fn multiplyStaged(tile: ptr<function, Tile>, thread: vec3u) {
  let qAt = thread.y * ${stride}u + ${fromOf("query")}u;
  let kAt = thread.x * ${stride}u + ${fromOf("key")}u;
${relative ? `  let pAt = (thread.y + ${side - 1}u - thread.x) * ${stride}u + ${fromOf(kinds[2]!)}u;` : ""}
  ${parts === groups ? "{ let g = thread.z;" : `for (var g = thread.z; g < ${groups}u; g += ${parts}u) {`}
    {
${lines(rows, (r) => `    let q${r} = memory[qAt + ${r * threadsY * stride}u + g];`)}
${terms.c2p ? relatives("posK", "a", (r) => `q${r}`) : ""}
${lines(
  terms.content ? columns : 0,
  (c) =>
    `    { ${kRead(c)} ${range(rows)
      .map((r) => content(r, c))
      .join(" ")} }`,
)}
    }
${terms.p2c ? `${lines(columns, (c) => `    ${kRead(c)}`)}\n${relatives("posQ", "b", (_, c) => `k${c}`)}` : ""}
  }
}
${
  parts === 1
    ? ""
    : `fn sumOfParts(first: u32) -> vec4f {
  var sum = memory[first];
  for (var part = 1u; part < ${parts}u; part++) { sum += memory[first + part * ${threads}u]; }
  return sum;
}`
}
fn storeTile(tile: ptr<function, Tile>, first: vec2u, thread: vec3u, index: u32) {
${parts === 1 ? storeAll : `  workgroupBarrier();\n${lines(rows, storeParts)}`}
}`;
});
