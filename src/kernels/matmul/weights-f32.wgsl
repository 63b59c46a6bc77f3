// Weights in f32: w [taps·4·inner, 4·weightStride], row by row. Every body of matmul reads weights through loadW alone.
@group(0) @binding(2) var<storage, read> w: array<vec4f>;

// Rows 4·group to 4·group + 3 of one vec4 column of w.
fn loadW(group: u32, column: u32) -> mat4x4f {
  let stride = params.weightStride;
  let at = 4 * group * stride + column;
  return mat4x4f(w[at], w[at + stride], w[at + 2 * stride], w[at + 3 * stride]);
}

// What weights that are stored without their column's scale make of a sum.
fn rescaled(sum: vec4f, column: u32) -> vec4f { return sum; }
