// packWeights for q8: w = q · scale, q a signed byte, scale one a column: the file's own, else largest |w| of the column / 127
// (columnScale and integers, of pack-q8-found.wgsl or pack-kept.wgsl).
// Blocks of 4 × 4: [rows / 4, columns / 4] vec4u, a component for each row, a byte for each column; then the scales, vec4f.
// One workgroup packs 4 columns: thread t the blocks t, t + 64, ...
@group(0) @binding(0) var<storage, read_write> w: array<vec4u>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x;
  let blocks = params.rows / 4;
  let scale = columnScale(column, thread);
  let inverse = select(vec4f(0.0), 1.0 / scale, scale != vec4f(0.0));
  for (var block = thread; block < blocks; block += 64) {
    var bytes: vec4u;
    for (var r = 0u; r < 4; r++) {
      let q = vec4u(integers(4 * block + r, column, inverse)) & vec4u(255);
      bytes[r] = q.x | (q.y << 8) | (q.z << 16) | (q.w << 24);
    }
    w[block * params.stride + params.column + column] = bytes;
  }
  if (thread == 0) { w[blocks * params.stride + params.column + column] = bitcast<vec4u>(scale * params.scale); }
}
