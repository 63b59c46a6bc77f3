// What all bodies of matmul share: sizes, x, bias, y, and how a result is finished.
// x: rows of `inner` vec4, read through rowAt(row, tap) and loadX(at, k); y: rows of `yStride` vec4; bias: as many vec4 as
// w has columns. `taps` is 1 but for convolutions, whose x is read once for every shift of its rows.
// Columns are counted in vec4. Those past the end are clamped when loaded and, as rows, dropped when stored.
struct Params { rows: u32, inner: u32, taps: u32, columns: u32, weightStride: u32, weightColumn: u32, yStride: u32, yColumn: u32 }
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(1) @binding(0) var<uniform> params: Params;

// The column of w that a column of the product is.
fn columnAt(column: u32) -> u32 { return params.weightColumn + min(column, params.columns - 1); }

fn store(row: u32, column: u32, sum: vec4f) {
  if (row < params.rows && column < params.columns) {
    let at = row * params.yStride + params.yColumn + column;
    let weightColumn = params.weightColumn + column;
    y[at] = epilogue(rescaled(sum, weightColumn) + bias[weightColumn], row, at);
  }
}
