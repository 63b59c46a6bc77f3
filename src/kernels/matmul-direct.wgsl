// matmul by register tiles: y = epilogue(x · w + bias). No subgroups, no workgroup memory, no barrier: runs everywhere.
// x, w, y and `taps` as in matmul.wgsl.
// Each thread computes ROWS × 4·VECTORS results and reads its rows of x and columns of w straight from storage; threads
// beside each other share rows, threads below each other share columns, so the cache serves most reads.
// Rows and columns past the end are clamped when loaded and dropped when stored; sums are in f32.
struct Params { rows: u32, inner: u32, taps: u32, columns: u32, weightStride: u32, weightColumn: u32, yStride: u32, yColumn: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(1) @binding(0) var<uniform> params: Params;

fn columnAt(column: u32) -> u32 { return params.weightColumn + min(column, params.columns - 1); }

fn weightRow(k: u32) -> u32 { return k * params.weightStride; }

fn loadW(at: u32) -> vec4f { return w[at]; }

fn store(row: u32, column: u32, sum: vec4f) {
  if (row < params.rows && column < params.columns) {
    let at = row * params.yStride + params.yColumn + column;
    y[at] = epilogue(sum + bias[params.weightColumn + column], row, at);
  }
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let row = (group.y * THREADS_Y + thread.y) * ROWS;
  let column = group.x * THREADS_X * VECTORS + thread.x;
  if (row >= params.rows || column >= params.columns) { return; }
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = tileAt(row, column, 0, tap);
    for (var k = 0u; k < params.inner; k++) {
      multiplyAdd(&tile, &at, k, 4 * (tap * params.inner + k));
    }
  }
  storeTile(&tile, row, column);
}
