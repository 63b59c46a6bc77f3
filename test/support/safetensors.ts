// Reads the tensors of a small safetensors file in memory: expected values of the golden cases. Trusts the file.

export interface StoredTensor {
  readonly shape: number[];
  readonly data: Float32Array | Float64Array;
}

const READERS: Readonly<Record<string, (data: ArrayBuffer) => StoredTensor["data"]>> = {
  F32: (data) => new Float32Array(data),
  F64: (data) => new Float64Array(data),
  I32: (data) => Float64Array.from(new Int32Array(data)),
  I64: (data) => Float64Array.from(new BigInt64Array(data), Number),
};

/** Tensors by name; F32, F64, I32 and I64 only. */
export function parseSafetensors(bytes: Uint8Array): Map<string, StoredTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const data = bytes.slice(8 + length + data_offsets[0], 8 + length + data_offsets[1]).buffer;
    const read = READERS[dtype];
    if (!read) throw new Error(`${name} is ${dtype}`);
    tensors.set(name, { shape, data: read(data) });
  }
  return tensors;
}
