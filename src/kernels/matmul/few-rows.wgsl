// matmul for a few rows: y = epilogue(x · w + bias). No subgroups; workgroup memory only to add parts of K.
// As direct.wgsl, with rows of x the same for the whole workgroup and part p of K for thread (t, p). The weights are all there is to
// read, and each is used once or twice: a round takes GROUPS groups of four rows of w, so that enough loads are on their way.
// Rows and columns past the end are clamped when loaded and dropped when stored; sums are in f32.
@compute @workgroup_size(THREADS, PARTS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let row = group.y * ROWS;
  let column = group.x * THREADS * VECTORS + thread.x;
  var tile: Tile;
  for (var tap = 0u; tap < params.taps; tap++) {
    var at = tileAt(row, column, 0, tap);
    var k = thread.y;
    for (; k + (GROUPS - 1) * PARTS < params.inner; k += GROUPS * PARTS) {
      multiplyAddAll(&tile, &at, k, tap * params.inner + k);
    }
    for (; k < params.inner; k += PARTS) {
      multiplyAdd(&tile, &at, k, tap * params.inner + k);
    }
  }
  storeTile(&tile, row, column, index);
}
