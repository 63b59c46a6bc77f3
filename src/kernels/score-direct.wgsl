// Dot products of rows, ROWS × COLUMNS a thread, straight from storage: for processors, which set workgroup memory to zero
// before every workgroup, and for single queries, where nothing is shared.
@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let first = origin(group) + thread.yx * vec2u(ROWS, COLUMNS);
  if (!isNeeded(group, first, vec2u(ROWS, COLUMNS))) { return; }
  begin(group);
  var at = tileRows(first.x, first.y);
  var sums: Tile;
  for (var c = 0u; c < params.width; c++) {
    multiplyAdd(&sums, &at, c);
  }
  storeTile(&sums, first.x, first.y);
}
