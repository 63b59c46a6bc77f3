// Which buffers of a result move to the other side instead of being copied: those of tensors, which nobody here reads again.
import type { Tensor } from "../model/outputs.js";

/** The buffers of all tensors in a value. A tensor that shares its buffer with others of the value moves with them. */
export function transferable(value: unknown): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const visit = (part: unknown): void => {
    if (typeof part !== "object" || part === null || ArrayBuffer.isView(part)) return;
    if (isTensor(part)) buffers.add(part.data.buffer as ArrayBuffer);
    else if (part instanceof Map) part.forEach(visit);
    else Object.values(part).forEach(visit);
  };
  visit(value);
  return [...buffers];
}

function isTensor(value: object): value is Tensor {
  const { data, shape } = value as Partial<Tensor>;
  return data instanceof Float32Array && Array.isArray(shape) && data.byteLength === data.buffer.byteLength;
}
