// layerNorm: y = (s - mean(s)) / sqrt(variance(s) + eps) * gamma + beta, times keep(row), where s = source(...) is x, or
// x + residual. Row by row; x, residual, y: [rows, width], gamma, beta: [width], width = columns rounded up to 4.
// One workgroup per row; thread t holds the vec4 columns t, t + THREADS, ... in registers, so x is read once.
// Variance is taken from centred values: one-pass formulas lose the small differences that deep layers carry.
// Columns past the true size enter neither sum; gamma and beta are zero there, so y is too.
struct Params { rows: u32, columns: u32, width: u32, eps: f32 }  // columns: true size; width: vec4 per row
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(1) @binding(0) var<uniform> params: Params;

fn inside(column: u32) -> vec4f {
  return select(vec4f(0.0), vec4f(1.0), 4 * column + vec4u(0, 1, 2, 3) < vec4u(params.columns));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let start = row * params.width;
  var s: array<vec4f, PER_THREAD>;
  var total = 0.0;
  for (var i = 0u; i < PER_THREAD; i++) {
    let column = thread + i * THREADS;
    if (column < params.width) {
      s[i] = source(start + column) * inside(column);
      total += dot(s[i], vec4f(1.0));
    }
  }
  let mean = sumOverRow(total, thread) / f32(params.columns);

  var squares = 0.0;
  for (var i = 0u; i < PER_THREAD; i++) {
    let column = thread + i * THREADS;
    if (column < params.width) {
      s[i] = (s[i] - mean) * inside(column);
      squares += dot(s[i], s[i]);
    }
  }
  let variance = sumOverRow(squares, thread) / f32(params.columns);
  let scale = keep(row) / sqrt(variance + params.eps);
  let shift = keep(row);

  for (var i = 0u; i < PER_THREAD; i++) {
    let column = thread + i * THREADS;
    if (column < params.width) {
      y[start + column] = s[i] * scale * gamma[column] + beta[column] * shift;
    }
  }
}
