// Weights in bf16, the upper halves of f32: w [taps·4·inner, 4·weightStride] as pairs, row by row, then the f32 factor of every
// column.
@group(0) @binding(2) var<storage, read> w: array<vec2u>;

fn quad(at: u32) -> vec4f {
  let halves = w[at];
  return bitcast<vec4f>(vec4u(halves.x << 16, halves.x & 0xffff0000, halves.y << 16, halves.y & 0xffff0000));
}

fn loadW(group: u32, column: u32) -> mat4x4f {
  let stride = params.weightStride;
  let at = 4 * group * stride + column;
  return mat4x4f(quad(at), quad(at + stride), quad(at + 2 * stride), quad(at + 3 * stride));
}

fn rescaled(sum: vec4f, column: u32) -> vec4f {
  let at = 4 * params.taps * params.inner * params.weightStride + 2 * column;
  return sum * bitcast<vec4f>(vec4u(w[at], w[at + 1]));
}
