// spanScores: the scores of all short spans for all labels, without a row per span: with k words beyond the first,
//   y[i, k, c] = combine(start_i, end_{i + k}, label_c) + beta_c, beta_c being the label's last vec4's first element,
// where `combine` is ⟨relu(start + end), label⟩, or ⟨start, first half of label⟩ + ⟨end, second half⟩.
// start, end: [L, 4·inner]; label: [C, 4·labelStride]; words: [L, 3]: first label of the word's text, how many, and the
// text's end. y: [L, widths, labels]; −1e30 where a span passes its text's end or a text has fewer labels.
// One thread computes WIDTHS spans from one word on for four labels: a vec4 sum a span. Sums are in f32.
struct Params { words: u32, inner: u32, widths: u32, labels: u32, labelStride: u32 }
struct Word { firstLabel: u32, labels: u32, end: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> start: array<vec4f>;
@group(0) @binding(2) var<storage, read> end: array<vec4f>;
@group(0) @binding(3) var<storage, read> label: array<vec4f>;
@group(0) @binding(4) var<storage, read> words: array<Word>;
@group(1) @binding(0) var<uniform> params: Params;

const IMPOSSIBLE = -1e30;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tiles = (params.labels + 3) / 4;
  let index = group.x * THREADS + thread;
  let i = index / tiles;
  if (i >= params.words) { return; }
  let c = 4 * (index % tiles);
  let k = group.y * WIDTHS;
  let word = words[i];
  let stride = params.labelStride;
  let last = word.firstLabel + max(word.labels, 1) - 1;
  let at = vec4u(min(vec4u(word.firstLabel + c) + vec4u(0, 1, 2, 3), vec4u(last))) * stride;
  let row = i * params.inner;
  var sums: Sums;
  if (c < word.labels && i + k < word.end) {
    let rows = endRows(i + k, params.words - 1);
    for (var n = 0u; n < params.inner; n++) {
      addProducts(&sums, start[row + n], rows, n, at);
    }
  }
  let b = stride - 1;
  let beta = vec4f(label[at.x + b].x, label[at.y + b].x, label[at.z + b].x, label[at.w + b].x);
  storeSums(sums, beta, i, k, c, word);
}

fn store(i: u32, k: u32, c: u32, sum: vec4f, word: Word) {
  if (k >= params.widths) { return; }
  let known = vec4u(c) + vec4u(0, 1, 2, 3) < vec4u(word.labels);
  let possible = i + k < word.end;
  y[(i * params.widths + k) * ((params.labels + 3) / 4) + c / 4] = select(vec4f(IMPOSSIBLE), sum, known & vec4<bool>(possible));
}
