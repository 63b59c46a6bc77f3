// conv1d (nGiE, DeBERTa-v2's convolution over neighbouring tokens), as the part that turns matmul into a convolution:
// the inner axis runs over taps × D, and tap t of row i reads row i + t - (taps - 1) / 2, zero outside its sequence.
// bounds: [rows, 2], first row and end row of the sequence that a row belongs to.
@group(0) @binding(4) var<storage, read> bounds: array<vec2u>;

fn loadX(row: u32, k: u32) -> vec4f {
  let here = min(row, params.rows - 1);
  let width = params.xStride;
  let tap = k / width;
  let neighbour = i32(here + tap) - i32(params.inner / width / 2);
  let sequence = bounds[here];
  if (neighbour < i32(sequence.x) || neighbour >= i32(sequence.y)) { return vec4f(0.0); }
  return x[u32(neighbour) * width + k - tap * width];
}
