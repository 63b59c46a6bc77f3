// Tensors that are views of what is stored: transposed, sliced, every other column. They are put in order block by block, so
// that memory stays bounded; a block reads the stretch of the file that holds it once, from its first byte to its last.
import type { Span, View } from "./byte-plan.js";
import type { NamedSource } from "./byte-source.js";

/** Bytes of a tensor that are put in order at a time. A linear layer of a base model is one block. */
const BLOCK = 16 << 20;

/** A part of a view that is put in order at a time: its first element, counted from the view's, and its own sizes. */
interface Block {
  readonly first: number;
  readonly shape: readonly number[];
}

/** Bytes that putting a view in order will read. */
export function bytesToRead(view: View): number {
  return [...blocksOf(view)].reduce((sum, { shape }) => sum + reach(shape, view.strides) * view.elementBytes, 0);
}

/** The blocks of a view in the order of its elements; `advance` is told of every byte read. */
export async function* readView(
  file: NamedSource,
  { start, view }: Span & { readonly view: View },
  options: { readonly signal?: AbortSignal | undefined; readonly advance?: (bytes: number) => void },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { strides, elementBytes: width } = view;
  for (const { first, shape } of blocksOf(view)) {
    const block = new Uint8Array(shape.reduce((product, size) => product * size, width));
    const from = start + first * width;
    const places = placesOf(shape, strides);
    let place = places.next();
    let position = 0; // of the chunk's first byte, from the block's first element
    for await (const bytes of file.read(from, from + reach(shape, strides) * width, options.signal)) {
      const chunkEnd = position + bytes.length;
      while (!place.done && place.value[0] * width < chunkEnd) {
        const [stored, wanted] = place.value;
        // An element may lie across the ends of two chunks.
        const at = Math.max(0, position - stored * width);
        const to = Math.min(width, chunkEnd - stored * width);
        for (let i = at; i < to; i++) block[wanted * width + i] = bytes[stored * width + i - position]!;
        if (to < width) break;
        place = places.next();
      }
      position = chunkEnd;
      options.advance?.(bytes.length);
    }
    yield block;
  }
}

/** Elements from the first to the last, both included. */
function reach(shape: readonly number[], strides: readonly number[]): number {
  return shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 1);
}

/** Cuts along the first axes until a block is small enough. */
function* blocksOf({ shape, strides, elementBytes }: View, first = 0, axis = 0): Generator<Block> {
  const rest = shape.slice(axis);
  const rowBytes = rest.slice(1).reduce((product, size) => product * size, elementBytes);
  const size = rest[0] ?? 1;
  const ones = Array.from({ length: axis }, () => 1);
  if (size * rowBytes <= BLOCK || rest.length === 0) {
    yield { first, shape: [...ones, ...rest] };
    return;
  }
  const rows = Math.max(1, Math.floor(BLOCK / rowBytes));
  for (let row = 0; row < size; row += rows) {
    const at = first + row * strides[axis]!;
    if (rowBytes > BLOCK) yield* blocksOf({ shape, strides, elementBytes }, at, axis + 1);
    else yield { first: at, shape: [...ones, Math.min(rows, size - row), ...rest.slice(1)] };
  }
}

/** [place in the file, place in the block] of every element, in the order of the file, counted in elements. */
function* placesOf(shape: readonly number[], strides: readonly number[]): Generator<readonly [number, number]> {
  let step = 1;
  const axes = shape
    .map((size, axis) => ({ size, stride: strides[axis]!, axis, step: 0 }))
    .reverse()
    .map((axis) => ({ ...axis, step: (step *= axis.size) / axis.size }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => b.stride - a.stride);
  const index = axes.map(() => 0);
  for (let stored = 0, wanted = 0; ;) {
    yield [stored, wanted];
    let axis = axes.length - 1;
    for (; axis >= 0; axis--) {
      const { size, stride, step: own } = axes[axis]!;
      index[axis]!++;
      stored += stride;
      wanted += own;
      if (index[axis]! < size) break;
      index[axis] = 0;
      stored -= stride * size;
      wanted -= own * size;
    }
    if (axis < 0) return;
  }
}
