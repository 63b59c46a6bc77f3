// Weights in q4: four bits less 8, in blocks of 4 × 4, [taps·inner, weightStride] vec2u, 16 bits for each row; then the f16 scales
// of 32 rows of a column, [ceil(taps·inner / 8), weightStride] vec2u; then the f32 factor of every column (pack-q4.wgsl).
@group(0) @binding(2) var<storage, read> w: array<vec2u>;

fn quad(bits: u32) -> vec4f { return vec4f((vec4u(bits) >> vec4u(0, 4, 8, 12)) & vec4u(15)) - 8.0; }

fn loadW(group: u32, column: u32) -> mat4x4f {
  let stride = params.weightStride;
  let block = w[group * stride + column];
  let halves = w[(params.taps * params.inner + group / 8) * stride + column];
  let scale = vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
  return mat4x4f(
    quad(block.x) * scale,
    quad(block.x >> 16) * scale,
    quad(block.y) * scale,
    quad(block.y >> 16) * scale,
  );
}

fn rescaled(sum: vec4f, column: u32) -> vec4f {
  let groups = params.taps * params.inner;
  let at = (groups + (groups + 7) / 8) * params.weightStride + 2 * column;
  return sum * bitcast<vec4f>(vec4u(w[at], w[at + 1]));
}
