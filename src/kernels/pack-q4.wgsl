// packWeights for q4: w = (q − 8) · scale · factor: q four bits; scale f16, one for 32 rows of a column: the file's own, else such
// that the value of largest magnitude becomes −8 and the range is used whole (blockScale and integers, of pack-q4-found.wgsl or pack-kept.wgsl);
// factor f32, one a column.
// Blocks of 4 × 4: [rows / 4, columns / 4] vec2u, 16 bits for each row, 4 for each column; then the scales
// [ceil(rows / 32), columns / 4] vec2u of four f16; then the factors, two vec2u for four columns.
// One thread packs 32 rows of 4 columns.
@group(0) @binding(0) var<storage, read_write> w: array<vec2u>;

const LARGEST_F16 = vec4f(65504.0);

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 64 + thread;
  if (column >= params.width) { return; }
  let at = params.column + column;
  let blocks = params.rows / 4;
  let first = 8 * group.y;
  let wanted = clamp(blockScale(4 * first, column), -LARGEST_F16, LARGEST_F16);
  let halves = vec2u(pack2x16float(wanted.xy), pack2x16float(wanted.zw));
  let scale = vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
  let inverse = select(1.0 / scale, vec4f(0.0), scale == vec4f(0.0));
  for (var block = first; block < min(first + 8, blocks); block++) {
    var rows: array<u32, 4>;
    for (var r = 0u; r < 4; r++) {
      let q = vec4u(integers(4 * block + r, column, inverse) + 8);
      rows[r] = q.x | (q.y << 4) | (q.z << 8) | (q.w << 12);
    }
    w[block * params.stride + at] = vec2u(rows[0] | (rows[1] << 16), rows[2] | (rows[3] << 16));
  }
  w[(blocks + group.y) * params.stride + at] = halves;
  if (group.y == 0) {
    let factor = vec2u(bitcast<u32>(params.scale));
    let place = (blocks + (blocks + 7) / 8) * params.stride + 2 * at;
    w[place] = factor;
    w[place + 1] = factor;
  }
}
