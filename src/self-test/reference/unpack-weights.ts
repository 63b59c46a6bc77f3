// Packed weights as the kernels read them, decoded in float64 on the host: what a buffer of f16, bf16, q8 or q4 says.
import { elements, lastOf, Q4_BLOCK, rowsOf, type TensorType } from "../../kernels/kernel.js";
import { halfFloat } from "./ops.js";

/** The numbers of a tensor from the words of its buffer; f32 and u32 values pass as they are. */
export function unpackWeights(type: TensorType, data: Float32Array | Uint32Array): ArrayLike<number> {
  if (type.dtype === "f32" || type.dtype === "u32") return data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [rows, columns] = [rowsOf(type), lastOf(type)];
  const values = new Float64Array(elements(type));
  const factorsAt = view.byteLength - 4 * columns;
  const scalesAt = (rows * columns) / 2; // of q4
  const block = (row: number, column: number): number => (row >> 2) * (columns / 4) + (column >> 2);
  const element = (row: number, column: number): number => {
    const index = row * columns + column;
    switch (type.dtype) {
      case "f16":
        return halfFloat(view.getUint16(2 * index, true));
      case "bf16":
        return new Float32Array(Uint32Array.of(view.getUint16(2 * index, true) << 16).buffer)[0]!;
      case "q8":
        return view.getInt8(16 * block(row, column) + 4 * (row % 4) + (column % 4));
      default: {
        const bits = view.getUint16(8 * block(row, column) + 2 * (row % 4), true);
        const scale = halfFloat(view.getUint16(scalesAt + 2 * (Math.floor(row / Q4_BLOCK) * columns + column), true));
        return (((bits >> (4 * (column % 4))) & 15) - 8) * scale;
      }
    }
  };
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      values[row * columns + column] = element(row, column) * view.getFloat32(factorsAt + 4 * column, true);
  return values;
}
