// Scales of 32 rows of 4 columns and integers for pack-q4.wgsl: the value of largest magnitude becomes −8.
fn blockScale(first: u32, column: u32) -> vec4f {
  var extreme = vec4f(0.0);
  for (var row = first; row < first + 32; row++) {
    let v = values(row, column);
    extreme = select(extreme, v, abs(v) > abs(extreme));
  }
  return extreme / -8.0;
}

fn integers(row: u32, column: u32, inverse: vec4f) -> vec4i {
  return vec4i(clamp(round(values(row, column) * inverse), vec4f(-8.0), vec4f(7.0)));
}
