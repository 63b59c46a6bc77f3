// matmul by register tiles: y = epilogue(x · w + bias). No subgroups; workgroup memory only to add parts of K.
// Each thread computes ROWS × 4·VECTORS results and reads its rows of x and columns of w straight from storage. The rows are
// the same for the whole workgroup, so that GPUs with scalar loads (AMD, Intel) keep x out of vector registers; the threads
// lie side by side along the columns. Thread (t, p) takes part p of K: every PARTS-th group of four rows of w.
// Rows and columns past the end are clamped when loaded and dropped when stored; sums are in f32.
@compute @workgroup_size(THREADS, PARTS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.y * ROWS;
  let column = group.x * THREADS * VECTORS + thread.x;
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = tileAt(row, column, 0, tap);
    for (var k = thread.y; k < params.inner; k += PARTS) {
      multiplyAdd(&tile, &at, k, tap * params.inner + k);
    }
  }
  storeTile(&tile, row, column, index);
}
