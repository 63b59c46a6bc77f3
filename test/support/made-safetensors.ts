// Safetensors files written by hand, right or wrong on purpose.

/** A file with this header text and data; `length` is the header length that it claims. */
export function safetensorsFile(header: string, data: Uint8Array | number, length?: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + text.length + bytes.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  file.set(text, 8);
  file.set(bytes, 8 + text.length);
  return file;
}

/** The header of tensors that lie one after another, and the bytes they take. */
export function headerOf(tensors: Readonly<Record<string, readonly number[]>>): { header: string; dataBytes: number } {
  let dataBytes = 0;
  const entries = Object.entries(tensors).map(([name, shape]) => {
    const begin = dataBytes;
    dataBytes += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: "F32", shape, data_offsets: [begin, dataBytes] }];
  });
  return { header: JSON.stringify(Object.fromEntries(entries)), dataBytes };
}
