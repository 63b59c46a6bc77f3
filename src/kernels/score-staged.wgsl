// Dot products of rows from tiles in workgroup memory: for GPUs. A workgroup computes ROWS·THREADS_Y rows × COLUMNS·THREADS_X
// columns. For every GROUPS vec4 along the head its threads bring the rows that any of them needs; thread (tx, ty, p) then
// multiplies every PARTS-th of them into the scores of rows ty, ty + THREADS_Y, ... and columns tx, tx + THREADS_X, ...
@compute @workgroup_size(THREADS_X, THREADS_Y, PARTS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {
  let first = origin(group);
  if (!isNeeded(group, first, vec2u(ROWS * THREADS_Y, COLUMNS * THREADS_X))) { return; }
  begin(group);
  var at = stagingAt(first, index);
  var sums: Tile;
  for (var c = 0u; c < params.width; c += GROUPS) {
    stage(&at, c, index);
    multiplyStaged(&sums, thread);
  }
  storeTile(&sums, first, thread, index);
}
