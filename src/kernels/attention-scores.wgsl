// attentionScores: scores(h, i, j) = q_i · k_j + the relative terms of the appended file, for packed sequences.
// query: rows of queryStride vec4, head h at queryColumn + h·width; key likewise. The query is scaled already.
// tiles: what each workgroup computes: some queries of one sequence against some of its keys, by one of the bodies
// score-*.wgsl. Scores of a sequence: [H, queries, length rounded up to 4] from `score` on.
// Rows past a sequence's end are clamped to its last row and their scores dropped. Masked pairs get MASKED, which is
// finite: a row without any allowed key is then uniform, as in Transformers, instead of NaN.
struct Params { queryStride: u32, queryColumn: u32, keyStride: u32, keyColumn: u32, width: u32, slotStride: u32, heads: u32, reach: i32, slots: u32, firstQuery: u32 }
struct AttentionTile { queryRow: u32, queryCount: u32, column: u32, keyRow: u32, keyColumn: u32, length: u32, score: u32, headStride: u32, mask: u32, maskStride: u32 }
@group(0) @binding(0) var<storage, read_write> scores: array<f32>;
@group(0) @binding(1) var<storage, read> query: array<vec4f>;
@group(0) @binding(2) var<storage, read> key: array<vec4f>;
@group(0) @binding(3) var<storage, read> tiles: array<AttentionTile>;
@group(1) @binding(0) var<uniform> params: Params;

const MASKED = -1e30;
var<private> here: AttentionTile;
var<private> head: u32;

fn queryAt(row: u32) -> u32 {
  return (here.queryRow + min(row, here.queryCount - 1)) * params.queryStride + params.queryColumn + head * params.width;
}

fn keyAt(column: u32) -> u32 {
  return (here.keyRow + min(column, here.length - 1)) * params.keyStride + params.keyColumn + head * params.width;
}

fn store(row: u32, column: u32, sum: f32) {
  if (row < here.queryCount && column < here.length) {
    let stride = (here.length + 3) / 4 * 4;
    let at = here.score + head * here.headStride + row * stride + column;
    scores[at] = select(MASKED, sum + gathered(row, column), allowed(row, column));
  }
}

fn origin(group: vec3u) -> vec2u { return vec2u(0, tiles[group.x].keyColumn); }

// Whether a tile of the workgroup has any score.
fn isNeeded(group: vec3u, first: vec2u, size: vec2u) -> bool {
  return first.x < tiles[group.x].queryCount && first.y < tiles[group.x].length;
}

fn begin(group: vec3u) {
  here = tiles[group.x];
  head = group.y;
}
