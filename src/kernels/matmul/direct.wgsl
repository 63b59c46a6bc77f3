// matmul by register tiles: y = epilogue(x · w + bias). No subgroups, no workgroup memory, no barrier: runs everywhere.
// Each thread computes ROWS × 4·VECTORS results and reads its rows of x and columns of w straight from storage; threads
// beside each other share rows, threads below each other share columns, so the cache serves most reads.
// Rows and columns past the end are clamped when loaded and dropped when stored; sums are in f32.
@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let row = (group.y * THREADS_Y + thread.y) * ROWS;
  let column = group.x * THREADS_X * VECTORS + thread.x;
  if (row >= params.rows || column >= params.columns) { return; }
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = tileAt(row, column, 0, tap);
    for (var k = 0u; k < params.inner; k++) {
      multiplyAdd(&tile, &at, k, tap * params.inner + k);
    }
  }
  storeTile(&tile, row, column);
}
