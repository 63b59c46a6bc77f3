// Weights in q8: signed bytes in blocks of 4 × 4, [taps·inner, weightStride] vec4u, a component for each row; then the f32 scale of
// every column, by which sums are multiplied once (pack-q8.wgsl writes them so).
@group(0) @binding(2) var<storage, read> w: array<vec4u>;

fn quad(bytes: u32) -> vec4f { return vec4f((vec4i(i32(bytes)) << vec4u(24, 16, 8, 0)) >> vec4u(24)); }

fn loadW(group: u32, column: u32) -> mat4x4f {
  let block = w[group * params.weightStride + column];
  return mat4x4f(quad(block.x), quad(block.y), quad(block.z), quad(block.w));
}

fn rescaled(sum: vec4f, column: u32) -> vec4f {
  return sum * bitcast<vec4f>(w[params.taps * params.inner * params.weightStride + column]);
}
