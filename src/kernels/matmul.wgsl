// matmul by subgroup broadcast: y = epilogue(x · w + bias). No workgroup memory, no barrier.
// x: rows of `inner` vec4, read through rowAt(row, tap) and loadX(at, k); w: [taps·4·inner, 4·weightStride]; y: rows of
// `yStride` vec4. `taps` is 1 but for convolutions, whose x is read once for every shift of its rows.
// One subgroup computes ROWS × 4·LANES results: lane l owns the vec4 column l and loads rows l, l + LANES, ... of x; the
// others get those by broadcast with a constant lane, which is a register move or a scalar read on GPUs.
// Rows past the end are clamped when loaded and dropped when stored; sums are in f32.
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

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let column = group.x * LANES + lane;
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = tileAt(row, column, lane, tap);
    for (var k = 0u; k < params.inner; k++) {
      multiplyAdd(&tile, &at, k, 4 * (tap * params.inner + k));
    }
  }
  storeTile(&tile, row, column);
}
