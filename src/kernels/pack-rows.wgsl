// packWeights for f32, f16 and bf16: rows of vec4, each put by put(at, value). The packed types have a row more, the factor
// of every column: so a scale in the middle of a product (attention's) changes no number of the file.
// One thread writes one vec4: 4 outputs of one input row.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 64 + thread;
  let row = group.y + group.z * 32768;
  if (column >= params.width) { return; }
  if (row < params.rows) { put(row * params.stride + params.column + column, values(row, column)); }
  if (row == 0) { putScale(params.rows * params.stride, params.column + column); }
}
