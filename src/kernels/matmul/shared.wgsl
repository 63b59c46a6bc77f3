// matmul by tiles in workgroup memory: y = epilogue(x · w + bias). No subgroups: for GPUs whose loads from storage are dear.
// A workgroup computes ROWS·THREADS_Y rows × 4·VECTORS·THREADS_X columns. For every GROUPS vec4 along K its threads bring tiles
// of x and w into workgroup memory; thread (tx, ty, p) then multiplies every PARTS-th group of them into ROWS × 4·VECTORS sums.
// Rows and columns past the end are clamped when loaded and dropped when stored; sums are in f32.
@compute @workgroup_size(THREADS_X, THREADS_Y, PARTS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.y * THREADS_Y * ROWS;
  let column = group.x * THREADS_X * VECTORS;
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = stagingAt(row, column, index, tap);
    for (var k = 0u; k < params.inner; k += GROUPS) {
      stage(&at, k, params.inner, tap * params.inner, index);
      multiplyStaged(&tile, thread);
    }
  }
  storeTile(&tile, row + thread.y * ROWS, column + thread.x, index);
}
