// poolRows: y[r] = activate(finish(fold over x[first], x[first + 1], …, count rows)); zero where a segment has no row.
// segments: [R, 2], first row and number of rows. x: rows of `width` vec4.
// One thread folds one vec4 column of one segment. `begin`, `fold` and `finish` say how: mean, sum, largest, …
struct Params { rows: u32, width: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> segments: array<vec2u>;
@group(1) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 64 + thread;
  if (column >= params.width) { return; }
  let segment = segments[group.y];
  var sum = vec4f(BEGIN);
  for (var row = segment.x; row < segment.x + segment.y; row++) {
    sum = fold(sum, x[row * params.width + column]);
  }
  let pooled = select(vec4f(0.0), finish(sum, f32(segment.y)), segment.y > 0);
  y[group.y * params.width + column] = activate(pooled);
}
