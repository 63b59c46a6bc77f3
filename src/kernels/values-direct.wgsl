// attentionValues straight from storage: for processors, and for single queries. One thread computes ROWS queries × VECTORS vec4
// columns; thread (tx, p) takes part p of the keys: every PARTS-th group of four.
@compute @workgroup_size(THREADS_X, 1, PARTS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  if (tiles[group.x].queryCount == 0) { return; }
  begin(group);
  let column = group.z * THREADS_X * VECTORS + thread.x;
  var at = tileAt(0, column, 0, 0);
  var tile: Tile;
  for (var k = thread.z; 4 * k < here.length; k += PARTS) {
    multiplyAdd(&tile, &at, k, k);
  }
  storeTile(&tile, 0, column, index);
}
