// attentionValues by tiles in workgroup memory: for GPUs. For every GROUPS vec4 of keys the threads of a workgroup bring
// probabilities and values; thread (tx, ty, p) then multiplies every PARTS-th group of them into ROWS queries × VECTORS vec4 columns.
@compute @workgroup_size(THREADS_X, THREADS_Y, PARTS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  if (tiles[group.x].queryCount == 0) { return; }
  begin(group);
  let column = group.z * THREADS_X * VECTORS;
  let inner = (tiles[group.x].length + 3) / 4;
  var at = stagingAt(0, column, index, 0);
  var tile: Tile;
  for (var k = 0u; k < inner; k += GROUPS) {
    stage(&at, k, inner, 0, index);
    multiplyStaged(&tile, thread);
  }
  storeTile(&tile, thread.y * ROWS, column + thread.x, index);
}
