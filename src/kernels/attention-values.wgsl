// attentionValues: context(i, h) = Σ_j p(h, i, j) · v_j, for packed sequences.
// probabilities: as softmax leaves them, rows of a multiple of 4. value: rows of valueStride vec4, head h at
// valueColumn + h·width. context: rows of contextStride vec4, head h at h·width.
// tiles: some queries of one sequence, which a workgroup computes by one of the bodies values-*.wgsl.
// Keys past the end are clamped to the last one and meet a probability of 0.
struct Params { valueStride: u32, valueColumn: u32, width: u32, contextStride: u32 }
struct AttentionTile { queryRow: u32, queryCount: u32, column: u32, keyRow: u32, keyColumn: u32, length: u32, score: u32, headStride: u32, mask: u32, maskStride: u32 }
@group(0) @binding(0) var<storage, read_write> context: array<vec4f>;
@group(0) @binding(1) var<storage, read> probabilities: array<vec4f>;
@group(0) @binding(2) var<storage, read> value: array<vec4f>;
@group(0) @binding(3) var<storage, read> tiles: array<AttentionTile>;
@group(1) @binding(0) var<uniform> params: Params;

var<private> here: AttentionTile;
var<private> head: u32;

fn rowAt(row: u32, tap: u32) -> u32 {
  return (here.score + head * here.headStride) / 4 + min(row, here.queryCount - 1) * ((here.length + 3) / 4);
}

fn loadX(at: u32, k: u32) -> vec4f { return probabilities[at + k]; }

fn columnAt(column: u32) -> u32 {
  return here.keyRow * params.valueStride + params.valueColumn + head * params.width + min(column, params.width - 1);
}

fn valueAt(key: u32, column: u32) -> vec4f { return value[min(key, here.length - 1) * params.valueStride + column]; }

fn loadW(group: u32, column: u32) -> mat4x4f {
  let key = 4 * group;
  return mat4x4f(valueAt(key, column), valueAt(key + 1, column), valueAt(key + 2, column), valueAt(key + 3, column));
}

fn store(row: u32, column: u32, sum: vec4f) {
  if (row < here.queryCount && column < params.width) {
    context[(here.queryRow + row) * params.contextStride + head * params.width + column] = sum;
  }
}

fn begin(group: vec3u) {
  here = tiles[group.x];
  head = group.y;
}
