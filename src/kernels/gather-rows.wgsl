// gatherRows: y[r] = x[rows[r]] + addend(r), where addend is zero or a row of an added matrix. x: rows of `width` vec4.
// One thread copies one vec4.
struct Params { rows: u32, width: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 64 + thread;
  if (column < params.width) {
    let at = group.y * params.width + column;
    y[at] = x[rows[group.y] * params.width + column] + addend(at);
  }
}
