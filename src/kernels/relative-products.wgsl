// relativeProducts: products(i, h, s) = query_i · key_s of head h: here query rows are the queries (or keys) of all
// sequences and key rows are the rows of posK (or posQ). What attention-gather.wgsl gathers from.
// query: rows of queryStride vec4, head h at queryColumn + h·width; key: [S, H·d], rows of slotStride vec4.
// bounds: [rows, 2], first and end row of the sequence that a row belongs to: slots no pair of it reaches are skipped.
struct Params { queryStride: u32, queryColumn: u32, width: u32, slotStride: u32, heads: u32, slots: u32, firstRow: u32, rows: u32, reach: i32, sign: i32 }
@group(0) @binding(0) var<storage, read_write> products: array<f32>;
@group(0) @binding(1) var<storage, read> query: array<vec4f>;
@group(0) @binding(2) var<storage, read> key: array<vec4f>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> bounds: array<vec2u>;
@group(1) @binding(0) var<uniform> params: Params;

var<private> head: u32;

fn queryAt(row: u32) -> u32 {
  return (params.firstRow + min(row, params.rows - 1)) * params.queryStride + params.queryColumn + head * params.width;
}

fn keyAt(slot: u32) -> u32 {
  return min(slot, params.slots - 1) * params.slotStride + head * params.width;
}

fn slotOf(distance: i32) -> u32 {
  return slots[u32(clamp(distance, -params.reach, params.reach) + params.reach)];
}

fn store(row: u32, slot: u32, sum: f32) {
  if (row < params.rows && slot < params.slots) {
    products[(row * params.heads + head) * params.slots + slot] = sum;
  }
}

fn origin(group: vec3u) -> vec2u { return group.yx * vec2u(THREADS_Y * ROWS, THREADS_X * COLUMNS); }

// Whether a tile of rows and slots has any that pairs reach. Slots grow with i - j, so the rows reach those between their
// smallest and largest distance.
fn isNeeded(group: vec3u, tile: vec2u, size: vec2u) -> bool {
  if (tile.x >= params.rows || tile.y >= params.slots) { return false; }
  let first = params.firstRow + tile.x;
  let last = params.firstRow + min(tile.x + size.x, params.rows) - 1;
  let a = bounds[first];
  if (last >= a.y) { return true; } // rows of several sequences
  let above = select(i32(a.y - 1 - first), i32(last - a.x), params.sign > 0);
  let below = select(i32(last - a.x), i32(a.y - 1 - first), params.sign > 0);
  return tile.y <= slotOf(above) && tile.y + size.y > slotOf(-below);
}

fn begin(group: vec3u) { head = group.z; }
