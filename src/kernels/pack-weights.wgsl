// packWeights: from a tensor as it lies in a file to the layout that matmul reads: w[k, n], k the input feature, n the
// output feature, both padded to multiples of 4 with zeros, head by head where an axis consists of heads.
// file: the tensor's bytes as words, decoded by element(index). Its index for (output, input) is sourceIndex(...).
// Padding: an axis of `size` elements consists of groups of `group`, each padded to `padded` elements.
// What follows writes w: pack-rows.wgsl, pack-q8.wgsl or pack-q4.wgsl.
struct Params { rows: u32, width: u32, stride: u32, column: u32, outSize: u32, outGroup: u32, outPadded: u32, inSize: u32, inGroup: u32, inPadded: u32, inSkip: u32, taps: u32, perGroup: u32, fileRow: u32, fileScales: u32, scale: f32 }
@group(0) @binding(1) var<storage, read> file: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const NOWHERE = 0xffffffffu;

// Position in the padded axis → position in the file's axis, or NOWHERE for padding.
fn unpadded(at: u32, size: u32, group: u32, padded: u32) -> u32 {
  if (group == padded) { return select(NOWHERE, at, at < size); } // the usual case, without divisions
  let within = at % padded;
  let index = at / padded * group + within;
  return select(NOWHERE, index, within < group && index < size);
}

fn value(input: u32, output: u32) -> f32 {
  let o = unpadded(output, params.outSize, params.outGroup, params.outPadded);
  if (o == NOWHERE) { return 0.0; }
  let index = sourceIndex(o, input);
  if (index == NOWHERE) { return 0.0; }
  return element(index);
}

// Four outputs of one input row; zero past the last row.
fn values(input: u32, column: u32) -> vec4f {
  if (input >= params.rows) { return vec4f(0.0); }
  let n = 4 * column;
  return vec4f(value(input, n), value(input, n + 1), value(input, n + 2), value(input, n + 3));
}
