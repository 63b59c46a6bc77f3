// packWeights: from a tensor as it lies in a file to the layout that matmul reads: w[k, n], k the input feature, n the
// output feature, both padded to multiples of 4 with zeros, head by head where an axis consists of heads.
// file: the tensor's bytes as words, decoded by element(index). Its index for (output, input) is sourceIndex(...).
// Padding: an axis of `size` elements consists of groups of `group`, each padded to `padded` elements.
// One thread writes one vec4: 4 outputs of one input row.
struct Params { rows: u32, width: u32, stride: u32, column: u32, outSize: u32, outGroup: u32, outPadded: u32, inSize: u32, inGroup: u32, inPadded: u32, taps: u32, perGroup: u32, scale: f32 }
@group(0) @binding(0) var<storage, read_write> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> file: array<u32>;
@group(1) @binding(0) var<uniform> params: Params;

const NOWHERE = 0xffffffffu;

// Position in the padded axis → position in the file's axis, or NOWHERE for padding.
fn unpadded(at: u32, size: u32, group: u32, padded: u32) -> u32 {
  let within = at % padded;
  let index = at / padded * group + within;
  return select(NOWHERE, index, within < group && index < size);
}

fn value(input: u32, output: u32) -> f32 {
  let o = unpadded(output, params.outSize, params.outGroup, params.outPadded);
  if (o == NOWHERE) { return 0.0; }
  let index = sourceIndex(o, input);
  if (index == NOWHERE) { return 0.0; }
  return element(index) * params.scale;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 64 + thread;
  let row = group.y + group.z * 32768;
  if (column >= params.width || row >= params.rows) { return; }
  let n = 4 * column;
  w[row * params.stride + params.column + column] = vec4f(value(row, n), value(row, n + 1), value(row, n + 2), value(row, n + 3));
}
