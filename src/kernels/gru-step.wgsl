// gruStep: one step of a GRU, its two products done: with x's part ir, iz, in and h's part hr, hz, hn,
//   r = sigmoid(ir + hr), z = sigmoid(iz + hz), n = tanh(in + r·hn), y = (1 − z)·n + z·h.
// input: [S, 3·D], of which all rows take row `step`; hidden: [R, 3·D]; h, y: [R, D]. One thread computes one vec4.
struct Params { width: u32, step: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> hidden: array<vec4f>;
@group(0) @binding(3) var<storage, read> h: array<vec4f>;
@group(1) @binding(0) var<uniform> params: Params;

fn sigmoid(x: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0)))); }

fn safeTanh(x: vec4f) -> vec4f { return 1.0 - 2.0 / (exp(2.0 * clamp(x, vec4f(-15.0), vec4f(15.0))) + 1.0); }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let D = params.width;
  let column = group.x * 64 + thread;
  if (column >= D) { return; }
  let at = group.y * D + column;
  let gate = group.y * 3 * D + column;
  let own = params.step * 3 * D + column;
  let r = sigmoid(input[own] + hidden[gate]);
  let z = sigmoid(input[own + D] + hidden[gate + D]);
  let n = safeTanh(input[own + 2 * D] + r * hidden[gate + 2 * D]);
  y[at] = (1.0 - z) * n + z * h[at];
}
