// Reading the arrays that callers give: nested arrays, typed arrays as rows, or flat data with a shape, of numbers, bigints
// or truth values. Everything is copied; a caller's array is neither kept nor changed. A value's place is part of every error.

/** One row of numbers. */
export type NumberRow = ArrayLike<number> | ArrayLike<bigint> | ArrayLike<boolean>;

/** Flat data in row order with its shape. A typed array that carries a `shape` is one as well. */
export interface ShapedArray {
  readonly data: NumberRow;
  readonly shape: readonly number[];
}

/** Integers [B, N]: rows may differ in length. */
export type IntegerRows = readonly NumberRow[] | ShapedArray;

/** Integers [B, M, N]. */
export type IntegerRows3d = readonly (readonly NumberRow[])[] | ShapedArray;

/** A row as it was found. */
export interface Row {
  readonly values: ArrayLike<unknown>;
  /** As a message names it: `inputIds[2]`. */
  readonly place: string;
}

/** The rows of an input in order, and how many of them each first index has (1 each for two dimensions). */
export interface Rows {
  readonly rows: readonly Row[];
  readonly counts: readonly number[];
}

/** Numbers in row order with their shape. */
export interface NumberArray {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

/** The number of dimensions, up to `most`: by the shape, or by looking at the first elements. */
export function dimensionsOf(value: unknown, most: number): number {
  const shape = shapeOf(value);
  if (shape) return Math.min(shape.length, most);
  return most > 0 && isArrayLike(value) ? 1 + dimensionsOf(value[0], most - 1) : 0;
}

/**
 * The rows of a 2-D input, or of a 3-D one, one after another. Rows may differ in length.
 * @throws TypeError where the value is no such array
 */
export function rowsOf(name: string, value: unknown, dimensions: 2 | 3): Rows {
  const shape = shapeOf(value);
  if (shape) return cutRows(name, value as ShapedArray, shape, dimensions);
  if (!isArrayLike(value) || typeof value[0] === "number" || typeof value[0] === "bigint") {
    throw new TypeError(`${name}: ${dimensions} dimensions are expected, ${described(value)} was given`);
  }
  const outer = Array.from(value, (item, index) => toRow(item, `${name}[${index}]`));
  if (dimensions === 2) return { rows: outer, counts: outer.map(() => 1) };
  const inner = outer.map(({ values, place }) =>
    Array.from(values, (item, index) => toRow(item, `${place}[${index}]`)),
  );
  return { rows: inner.flat(), counts: inner.map((rows) => rows.length) };
}

/** The row as integers within [min, max]; `bounds` says in the message what they come from. */
export function integersOf({ values, place }: Row, min: number, max: number, bounds: string): Int32Array {
  const result = new Int32Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = numberAt(values[index], () => `${place}[${index}]`);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(`${place}[${index}] = ${String(values[index])}: ${bounds}`);
    }
    result[index] = value;
  }
  return result;
}

/**
 * A rectangular array of finite numbers of any number of dimensions.
 * @throws TypeError where it is ragged or holds something else
 */
export function numbersOf(name: string, value: unknown): NumberArray {
  const given = shapeOf(value);
  if (given) return { data: finiteNumbers(checkedData(name, value as ShapedArray, given), name), shape: [...given] };
  if (!isArrayLike(value)) throw new TypeError(`${name}: an array is expected, ${described(value)} was given`);
  if (!isArrayLike(value[0]) && shapeOf(value[0]) === undefined) {
    return { data: finiteNumbers(value, name), shape: [value.length] };
  }
  const parts = Array.from(value, (item, index) => numbersOf(`${name}[${index}]`, item));
  const shape = parts[0]!.shape;
  const other = parts.findIndex((part) => part.shape.join() !== shape.join());
  if (other >= 0) {
    throw new TypeError(
      `${name}[${other}] has the shape [${parts[other]!.shape.join(", ")}], ${name}[0] [${shape.join(", ")}]`,
    );
  }
  return { data: Float64Array.from(parts.flatMap((part) => [...part.data])), shape: [parts.length, ...shape] };
}

/** Says what a value is, for messages. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const shape = shapeOf(value);
  if (shape) return `an array of shape [${shape.join(", ")}]`;
  if (isArrayLike(value)) return `an array of ${value.length} items`;
  return `a ${typeof value}`;
}

function finiteNumbers(values: ArrayLike<unknown>, name: string): Float64Array {
  const result = new Float64Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = numberAt(values[index], () => `${name}[${index}]`);
    if (!Number.isFinite(value)) throw new RangeError(`${name}[${index}] = ${value}: a finite number is expected`);
    result[index] = value;
  }
  return result;
}

function numberAt(value: unknown, place: () => string): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  throw new TypeError(`${place()}: a number is expected, ${described(value)} was given`);
}

function toRow(value: unknown, place: string): Row {
  const shape = shapeOf(value);
  if (shape?.length === 1) return { values: checkedData(place, value as ShapedArray, shape), place };
  if (!isArrayLike(value)) throw new TypeError(`${place}: a row of numbers is expected, ${described(value)} was given`);
  return { values: value, place };
}

function cutRows(name: string, array: ShapedArray, shape: readonly number[], dimensions: 2 | 3): Rows {
  if (shape.length !== dimensions) {
    throw new TypeError(`${name}: ${dimensions} dimensions are expected, not the shape [${shape.join(", ")}]`);
  }
  const data = checkedData(name, array, shape);
  // Nothing to cut, and the other dimensions may be anything.
  if (data.length === 0) return { rows: [], counts: [] };
  const length = shape.at(-1)!;
  const perOuter = dimensions === 3 ? shape[1]! : 1;
  const rows = Array.from({ length: shape[0]! * perOuter }, (_, row): Row => {
    const place = dimensions === 3 ? `${name}[${Math.floor(row / perOuter)}][${row % perOuter}]` : `${name}[${row}]`;
    return { values: Array.prototype.slice.call(data, row * length, (row + 1) * length), place };
  });
  return { rows, counts: Array.from({ length: shape[0]! }, () => perOuter) };
}

/** The data of a shaped array, once its length is what the shape says. */
export function checkedData(name: string, array: ShapedArray, shape: readonly number[]): NumberRow {
  const data: unknown = "data" in array ? array.data : array;
  if (!isArrayLike(data)) throw new TypeError(`${name}.data: an array is expected, ${described(data)} was given`);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (data.length !== size) {
    throw new TypeError(`${name} has ${data.length} values, its shape [${shape.join(", ")}] says ${size}`);
  }
  return data as NumberRow;
}

/** The shape that a value carries, if it does. */
export function shapeOf(value: unknown): readonly number[] | undefined {
  if (typeof value !== "object" || value === null || !("shape" in value)) return undefined;
  const { shape } = value;
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && Number(size) >= 0);
  return isShape ? (shape as number[]) : undefined;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
