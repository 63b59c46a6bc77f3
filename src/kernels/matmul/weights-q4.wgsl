// Weights in q4: four bits less 8, in blocks of 4 × 4, [taps·inner, weightStride] vec2u, 16 bits for each row; then the f16 scales
// of 32 rows of a column, [ceil(taps·inner / 8), weightStride] vec2u; then the f32 factor of every column (pack-q4.wgsl).
@group(0) @binding(2) var<storage, read> w: array<vec2u>;

// Two rows: the even columns of both, then the odd ones, as bytes, which GPUs make floats of in one instruction each.
fn bytes(four: u32) -> vec4f { return vec4f((vec4u(four) >> vec4u(0, 8, 16, 24)) & vec4u(255)); }

fn loadW(group: u32, column: u32) -> mat4x4f {
  let stride = params.weightStride;
  let block = w[group * stride + column];
  let halves = w[(params.taps * params.inner + group / 8) * stride + column];
  let scale = vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
  let least = -8.0 * scale;
  let even0 = bytes(block.x & 0x0f0f0f0f);
  let odd0 = bytes((block.x >> 4) & 0x0f0f0f0f);
  let even2 = bytes(block.y & 0x0f0f0f0f);
  let odd2 = bytes((block.y >> 4) & 0x0f0f0f0f);
  return mat4x4f(
    vec4f(even0.x, odd0.x, even0.y, odd0.y) * scale + least,
    vec4f(even0.z, odd0.z, even0.w, odd0.w) * scale + least,
    vec4f(even2.x, odd2.x, even2.y, odd2.y) * scale + least,
    vec4f(even2.z, odd2.z, even2.w, odd2.w) * scale + least,
  );
}

fn rescaled(sum: vec4f, column: u32) -> vec4f {
  let groups = params.taps * params.inner;
  let at = (groups + (groups + 7) / 8) * params.weightStride + 2 * column;
  return sum * bitcast<vec4f>(vec4u(w[at], w[at + 1]));
}
