// matmul by subgroup broadcast: y = epilogue(x · w + bias). No workgroup memory, no barrier.
// x: rows of `inner` vec4, read through loadX(row, k); w: [4·inner, 4·weightStride]; y: rows of `yStride` vec4.
// One subgroup computes ROWS × 4·LANES results: lane l owns the vec4 column l and loads row l of x; the others get that
// row by broadcast with a constant lane, which is a register move or a scalar read on GPUs.
// Rows past the end are clamped when loaded and dropped when stored; sums are in f32.
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

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let column = group.x * LANES + lane;
  let stride = params.weightStride;
  var at = params.weightColumn + min(column, params.columns - 1);
  var tile: Tile;
  for (var k = 0u; k < params.inner; k++) {
    multiplyAdd(&tile, row, k, lane, w[at], w[at + stride], w[at + 2 * stride], w[at + 3 * stride]);
    at += 4 * stride;
  }
  storeTile(&tile, row, column);
}
