// softmax over the keys of each query and head, in place: p = exp(s - max(s)) / sum.
// rows: where the scores of each query row lie: first score of head 0, distance between heads, number of keys.
// One workgroup per (query row, head); thread t holds the vec4 t, t + THREADS, ... The row maximum is subtracted, so
// the largest exponent is 0. Scores between `length` and the next multiple of 4 become 0: values are read as vec4.
struct Params { rows: u32 }
struct ScoreRow { score: u32, headStride: u32, length: u32 }
@group(0) @binding(0) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> rows: array<ScoreRow>;
@group(1) @binding(0) var<uniform> params: Params;

fn inside(at: u32, length: u32) -> vec4<bool> {
  return 4 * at + vec4u(0, 1, 2, 3) < vec4u(length);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = rows[group.x];
  let start = (row.score + group.y * row.headStride) / 4;
  let width = (row.length + 3) / 4;
  if (width == 0) { return; }
  var largest = vec4f(-3e38);
  for (var i = thread; i < width; i += THREADS) {
    largest = max(largest, select(vec4f(-3e38), scores[start + i], inside(i, row.length)));
  }
  let top = maxOverRow(max(max(largest.x, largest.y), max(largest.z, largest.w)), thread);

  var total = 0.0;
  for (var i = thread; i < width; i += THREADS) {
    let e = select(vec4f(0.0), exp(scores[start + i] - top), inside(i, row.length));
    scores[start + i] = e;
    total += dot(e, vec4f(1.0));
  }
  let scale = 1.0 / sumOverRow(total, thread);

  for (var i = thread; i < width; i += THREADS) {
    scores[start + i] *= scale;
  }
}
