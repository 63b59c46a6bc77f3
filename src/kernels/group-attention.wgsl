// groupAttention: plain attention within small groups of rows: y[i] = Σ_j softmax_j(scale · q_i·k_j) · v_j over the rows j of
// i's group. qkv: [R, 3·heads·4·width]; bounds: [R, 2], first and end row of each row's group; y: [R, heads·4·width].
// One thread computes one head of one row, in one pass: the sums are rescaled whenever a larger score comes.
struct Params { rows: u32, heads: u32, scale: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> bounds: array<vec2u>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = group.x * 64 + thread;
  let i = index / params.heads;
  if (i >= params.rows) { return; }
  let column = index % params.heads * WIDTH;
  let D = params.heads * WIDTH;
  var sums: array<vec4f, WIDTH>;
  var largest = -3e38;
  var total = 0.0;
  for (var j = bounds[i].x; j < bounds[i].y; j++) {
    var score = 0.0;
    for (var c = 0u; c < WIDTH; c++) {
      score += dot(qkv[i * 3 * D + column + c], qkv[j * 3 * D + D + column + c]);
    }
    score *= params.scale;
    let top = max(largest, score);
    let shrink = exp(largest - top);
    let weight = exp(score - top);
    total = total * shrink + weight;
    for (var c = 0u; c < WIDTH; c++) {
      sums[c] = sums[c] * shrink + weight * qkv[j * 3 * D + 2 * D + column + c];
    }
    largest = top;
  }
  for (var c = 0u; c < WIDTH; c++) {
    y[i * D + column + c] = sums[c] / max(total, 1e-30);
  }
}
