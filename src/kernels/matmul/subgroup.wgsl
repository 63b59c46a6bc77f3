// matmul by subgroup broadcast: y = epilogue(x · w + bias). No workgroup memory, no barrier.
// One subgroup computes ROWS × 4·LANES·VECTORS results: lane l owns the vec4 columns l, l + LANES, ... and loads rows l,
// l + LANES, ... of x; the others get those by broadcast with a constant lane, which is a register move or a scalar read on GPUs.
// Rows past the end are clamped when loaded and dropped when stored; sums are in f32.
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let column = group.x * LANES * VECTORS + lane;
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = tileAt(row, column, lane, tap);
    for (var k = 0u; k < params.inner; k++) {
      multiplyAdd(&tile, &at, k, tap * params.inner + k);
    }
  }
  storeTile(&tile, row, column, lane);
}
