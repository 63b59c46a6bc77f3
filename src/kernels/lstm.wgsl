// lstm: the recurrence of one bidirectional LSTM layer over packed texts, steps [begin, stop) of each. With a = gates + bias + W·h,
// gates i, f, g, o:  c = sigmoid(f)·c + sigmoid(i)·tanh(g),  h = sigmoid(o)·tanh(c), from zeros.
// gates: [L, 2·4·H], what the layer's input adds: forward i f g o, then backward; weight: [H, 2·4·H], the same columns;
// bias: [2·4·H]; texts: [B, 2], first row and rows. The forward direction runs from the first row, backward from the last.
// y: [L + B, 2·H]: rows [forward h | backward h] of all words; row L + b keeps c of text b between dispatches.
// One workgroup per direction and text: thread t owns the units t, t + THREADS, …; h lives in workgroup memory.
struct Params { rows: u32, hidden: u32, begin: u32, stop: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> gates: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> texts: array<vec2u>;
@group(1) @binding(0) var<uniform> params: Params;

var<workgroup> state: array<f32, HIDDEN>;

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0))); }

// Built-in tanh is NaN for large arguments on several adapters (activation.ts).
fn safeTanh(x: f32) -> f32 { return 1.0 - 2.0 / (exp(2.0 * clamp(x, -15.0, 15.0)) + 1.0); }

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let direction = group.x;
  let text = texts[group.y];
  let H = params.hidden;
  let first = direction * 4 * H;
  let stride = 8 * H;
  let end = min(params.stop, text.y);
  if (params.begin >= end) { return; }
  var cell: array<f32, UNITS>;
  var next: array<f32, UNITS>;
  let kept = (params.rows + group.y) * 2 * H + direction * H;
  let before = select(text.x + params.begin - 1, text.x + text.y - params.begin, direction == 1);
  for (var u = 0u; u < UNITS; u++) {
    let j = u * THREADS + thread;
    if (j >= H) { continue; }
    let begun = params.begin > 0;
    if (begun) { cell[u] = y[kept + j]; }
    state[j] = 0.0;
    if (begun) { state[j] = y[before * 2 * H + direction * H + j]; }
  }
  for (var t = params.begin; t < end; t++) {
    workgroupBarrier();
    let row = select(text.x + t, text.x + text.y - 1 - t, direction == 1);
    for (var u = 0u; u < UNITS; u++) {
      let j = u * THREADS + thread;
      if (j >= H) { continue; }
      let at = row * stride + first + j;
      let b = first + j;
      var a = vec4f(gates[at] + bias[b], gates[at + H] + bias[b + H], gates[at + 2 * H] + bias[b + 2 * H], gates[at + 3 * H] + bias[b + 3 * H]);
      var w = b;
      for (var k = 0u; k < H; k++) {
        a += state[k] * vec4f(weight[w], weight[w + H], weight[w + 2 * H], weight[w + 3 * H]);
        w += stride;
      }
      cell[u] = sigmoid(a.y) * cell[u] + sigmoid(a.x) * safeTanh(a.z);
      next[u] = sigmoid(a.w) * safeTanh(cell[u]);
    }
    workgroupBarrier();
    for (var u = 0u; u < UNITS; u++) {
      let j = u * THREADS + thread;
      if (j >= H) { continue; }
      state[j] = next[u];
      y[row * 2 * H + direction * H + j] = next[u];
    }
  }
  for (var u = 0u; u < UNITS; u++) {
    let j = u * THREADS + thread;
    if (j < H) { y[kept + j] = cell[u]; }
  }
}
