// conv1d (nGiE, DeBERTa-v2's convolution over neighbouring tokens), as the part that turns matmul into a convolution:
// tap t of row i reads row i + t - (taps - 1) / 2, zero outside its sequence.
// bounds: [rows, 2], first row and end row of the sequence that a row belongs to.
@group(0) @binding(4) var<storage, read> bounds: array<vec2u>;

const OUTSIDE = 0xffffffffu;

fn rowAt(row: u32, tap: u32) -> u32 {
  let here = min(row, params.rows - 1);
  let neighbour = here + tap - params.taps / 2;  // wraps below zero, and is then beyond every end
  let sequence = bounds[here];
  return select(OUTSIDE, neighbour * params.inner, neighbour >= sequence.x && neighbour < sequence.y);
}

// A select and no branch: on GPUs a branch a load costs more than the load. OUTSIDE + k wraps to an element that is dropped.
fn loadX(at: u32, k: u32) -> vec4f { return select(x[at + k], vec4f(0.0), at == OUTSIDE); }
