// Scales and integers that the file has as pack-q8.wgsl and pack-q4.wgsl want them: they stay as they are. A row of the file is an
// output.
fn scaleFor(output: u32, row: u32) -> f32 {
  let o = unpadded(output, params.outSize, params.outGroup, params.outPadded);
  if (o == NOWHERE) { return 0.0; }
  return scaleOf(o * params.fileRow + params.inSkip + row);
}

// Of 32 rows of 4 columns.
fn blockScale(row: u32, column: u32) -> vec4f {
  let n = 4 * column;
  return vec4f(scaleFor(n, row), scaleFor(n + 1, row), scaleFor(n + 2, row), scaleFor(n + 3, row));
}

fn columnScale(column: u32, thread: u32) -> vec4f { return blockScale(0, column); }

fn integerFor(output: u32, row: u32) -> i32 {
  let o = unpadded(output, params.outSize, params.outGroup, params.outPadded);
  if (o == NOWHERE) { return 0; }
  let index = sourceIndex(o, row);
  if (index == NOWHERE) { return 0; }
  return integer(index);
}

fn integers(row: u32, column: u32, inverse: vec4f) -> vec4i {
  let n = 4 * column;
  return vec4i(integerFor(n, row), integerFor(n + 1, row), integerFor(n + 2, row), integerFor(n + 3, row));
}
