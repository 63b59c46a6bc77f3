// Weights in f16: w [taps·4·inner, 4·weightStride] as pairs of halves, row by row, then the f32 factor of every column.
// No feature is needed: halves become f32 as they are read. `widened` and `narrowed` cancel each other (weights.ts).
// A device may take a half below 2⁻¹⁴ for zero, which is no more than rounding a weight of 1/8 to f16 costs.
@group(0) @binding(2) var<storage, read> w: array<vec2u>;

fn quad(at: u32) -> vec4f {
  let halves = w[at];
  return widened(vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y)));
}

fn loadW(group: u32, column: u32) -> mat4x4f {
  let stride = params.weightStride;
  let at = 4 * group * stride + column;
  return mat4x4f(quad(at), quad(at + stride), quad(at + 2 * stride), quad(at + 3 * stride));
}

fn rescaled(sum: vec4f, column: u32) -> vec4f {
  let at = 4 * params.taps * params.inner * params.weightStride + 2 * column;
  return narrowed(sum) * bitcast<vec4f>(vec4u(w[at], w[at + 1]));
}
