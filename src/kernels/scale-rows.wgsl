// scaleRows: y[r] = scales[groups[r], column] · x[r] + addend(r). x, y: rows of `width` vec4; scales: rows of `stride`.
// One thread computes one vec4.
struct Params { width: u32, stride: u32, column: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> groups: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 64 + thread;
  if (column < params.width) {
    let at = group.y * params.width + column;
    y[at] = scales[groups[group.y] * params.stride + params.column] * x[at] + addend(at);
  }
}
