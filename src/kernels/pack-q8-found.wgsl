// Scales of 4 columns and integers for pack-q8.wgsl, found by the whole workgroup: the largest magnitude becomes 127.
var<workgroup> largest: array<vec4f, 64>;

fn columnScale(column: u32, thread: u32) -> vec4f {
  var most = vec4f(0.0);
  for (var row = thread; row < params.rows; row += 64) { most = max(most, abs(values(row, column))); }
  largest[thread] = most;
  for (var half = 32u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread < half) { largest[thread] = max(largest[thread], largest[thread + half]); }
  }
  workgroupBarrier();
  return largest[0] / 127.0;
}

fn integers(row: u32, column: u32, inverse: vec4f) -> vec4i {
  return vec4i(round(clamp(values(row, column) * inverse, vec4f(-127.0), vec4f(127.0))));
}
