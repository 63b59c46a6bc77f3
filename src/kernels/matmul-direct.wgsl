// matmul by register tiles: y = epilogue(x · w + bias). No subgroups, no workgroup memory, no barrier: runs everywhere.
// x: rows of `inner` vec4, read through loadX(row, k); w: [4·inner, 4·weightStride]; y: rows of `yStride` vec4.
// Each thread computes ROWS × 4·VECTORS results and reads its rows of x and columns of w straight from storage; threads
// beside each other share rows, threads below each other share columns, so the cache serves most reads.
// Rows and columns past the end are clamped when loaded and dropped when stored; sums are in f32.
struct Params { rows: u32, inner: u32, columns: u32, weightStride: u32, weightColumn: u32, yStride: u32, yColumn: u32, xStride: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(1) @binding(0) var<uniform> params: Params;

fn store(row: u32, column: u32, sum: vec4f) {
  if (row < params.rows && column < params.columns) {
    let at = row * params.yStride + params.yColumn + column;
    y[at] = epilogue(sum + bias[params.weightColumn + column], row, at);
  }
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let row = thread.y * ROWS;
  let column = thread.x * 2;
  if (row >= params.rows || column >= params.columns) { return; }
  let stride = params.weightStride;
  var a = params.weightColumn + column;
  var b = params.weightColumn + min(column + 1, params.columns - 1);
  var tile: Tile;
  for (var k = 0u; k < params.inner; k++) {
    multiplyAdd(&tile, row, k, 0, w[a], w[a + stride], w[a + 2 * stride], w[a + 3 * stride], w[b], w[b + stride], w[b + 2 * stride], w[b + 3 * stride]);
    a += 4 * stride;
    b += 4 * stride;
  }
  storeTile(&tile, row, column);
}
