// From what a pickle holds to tensors: which storage each is a part of, and how its elements lie there. Numbers out of the
// pickle are checked against the storage before anything is read or allocated.
import { CheckpointError, quote, UnsupportedError } from "../../errors.js";
import type { View } from "../byte-plan.js";
import { elementCount, type FileDType, MAX_NAME, MAX_TENSORS, showShape, type TensorEntry } from "../tensor-entry.js";
import { BYTE, ELEMENT_TYPES, REBUILDS, STORAGE_TYPES, UNTYPED, type ElementType } from "./names.js";
import {
  PickleCall,
  PickleDict,
  PickleFloat,
  PickleGlobal,
  PickleReference,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.js";

/** A storage as the pickle describes it. */
export interface Storage {
  readonly key: string;
  readonly type: ElementType;
  readonly count: number;
}

/** A tensor, counted in elements of its storage. */
export interface StoredTensor {
  readonly name: string;
  readonly storage: Storage;
  readonly dtype: FileDType | undefined;
  readonly elementBytes: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Where trainers put the weights, beside their own state. */
const NESTED = ["state_dict", "model_state_dict", "model", "module", "net"];

/** Reads one file's pickled object; storages are the same object where their key is. */
export class StateDict {
  readonly storages: Map<string, Storage> = new Map<string, Storage>();
  private readonly file: string;
  /** Entries of a storage's description: five in the zip container, six before it. */
  private readonly idLength: number;

  constructor(file: string, idLength: number) {
    this.file = file;
    this.idLength = idLength;
  }

  /** The tensors of a state dict, or of one that a training program put into another dict. */
  tensors(top: PickleValue): StoredTensor[] {
    const dict = this.weightsOf(top);
    const found: StoredTensor[] = [];
    if (dict.repeated !== undefined) throw this.wrong(`its pickle has the entry ${show(dict.repeated)} twice`);
    for (const [name, value] of dict.entries) {
      if (typeof name !== "string") throw this.wrong(`its state dict has ${show(name)} as a name`);
      if (name.length > MAX_NAME) throw this.wrong(`tensor ${quote(name)} has a name of ${name.length} characters`);
      const tensor = this.tensor(name, value);
      if (tensor) found.push(tensor);
    }
    if (found.length === 0) throw this.wrong("holds no tensors");
    if (found.length > MAX_TENSORS) throw this.wrong(`holds ${found.length} tensors; at most ${MAX_TENSORS} are read`);
    return found;
  }

  private weightsOf(top: PickleValue, depth = 0): PickleDict {
    if (!(top instanceof PickleDict)) throw this.wrong(`holds ${show(top)}, not a state dict`);
    if (depth === 2 || [...top.entries.values()].some(isTensor)) return top;
    const inner = NESTED.map((name) => top.entries.get(name)).find((value) => value instanceof PickleDict);
    return inner ? this.weightsOf(inner, depth + 1) : top;
  }

  /** Undefined for what is no tensor: counters, settings, texts. */
  private tensor(name: string, value: PickleValue): StoredTensor | undefined {
    while (value instanceof PickleCall && isOneOf(REBUILDS.parameters, value.callee)) value = value.args[0] ?? null;
    if (!isTensor(value)) return undefined;
    const { callee, args } = value;
    if (callee !== REBUILDS.tensor && callee !== REBUILDS.untyped)
      throw new UnsupportedError(`${this.file}: tensor ${quote(name)} is made by ${callee}, which is not supported`);
    const [reference, offset, shape, strides] = args;
    const wrong = (what: string): CheckpointError => this.wrong(`tensor ${quote(name)} ${what}`);
    const storage = this.storage(reference, wrong);
    const type = callee === REBUILDS.tensor ? storage.type : this.typeOf(args[6], wrong);
    if (!isSize(offset)) throw wrong(`begins at ${show(offset)}`);
    const sizes = sizesOf(shape);
    if (!sizes) throw wrong(`has the shape ${show(shape)}`);
    const steps = sizesOf(strides);
    if (steps?.length !== sizes.length) throw wrong(`has the strides ${show(strides)}`);
    const tensor = { name, storage, dtype: type.dtype, elementBytes: type.bytes, offset, shape: sizes, strides: steps };
    checkInside(tensor, wrong);
    return tensor;
  }

  private typeOf(value: PickleValue | undefined, wrong: (what: string) => CheckpointError): ElementType {
    const type = value instanceof PickleGlobal ? ELEMENT_TYPES.get(value.name.replace(/^torch\./, "")) : undefined;
    if (!type) throw wrong(`has the element type ${show(value)}`);
    return type;
  }

  /** The storage that a persistent id names: ("storage", class, key, location, count [, view]). */
  private storage(value: PickleValue | undefined, wrong: (what: string) => CheckpointError): Storage {
    const id = value instanceof PickleReference ? value.id : undefined;
    if (!(id instanceof PickleTuple) || id.items.length !== this.idLength || id.items[0] !== "storage")
      throw wrong("is no part of a storage");
    const [, storageClass, key, , count, view] = id.items;
    if (typeof key !== "string" || !/^\d{1,20}$/.test(key)) throw wrong(`lies in the storage ${show(key)}`);
    const named = storageClass instanceof PickleGlobal ? storageClass.name : "";
    const type = named === UNTYPED ? BYTE : STORAGE_TYPES.get(named.replace(/^torch\./, ""));
    if (!type) throw wrong(`lies in a storage of the class ${show(storageClass)}`);
    if (!isSize(count)) throw wrong(`lies in a storage of ${show(count)} elements`);
    if (view !== undefined && view !== null)
      throw new UnsupportedError(`${this.file}: views between storages (storage ${key}) are not supported`);
    const known = this.storages.get(key);
    if (known && (known.type !== type || known.count !== count))
      throw wrong(`says otherwise of the storage ${key} than a tensor before it`);
    const storage = known ?? { key, type, count };
    this.storages.set(key, storage);
    return storage;
  }

  private wrong(what: string): CheckpointError {
    return new CheckpointError(`${this.file}: ${what}`);
  }
}

/** The tensor's place in its file, once it is known where its storage begins; undefined for types that nothing here names. */
export function entryOf(
  { name, dtype, elementBytes, offset, shape, strides }: StoredTensor,
  file: string,
  storageStart: number,
  preface: TensorEntry["preface"],
): TensorEntry | undefined {
  if (!dtype) return undefined;
  const count = elementCount(shape)!;
  const start = storageStart + offset * elementBytes;
  const reach = count === 0 ? 0 : shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 1);
  const view: View | undefined = isInOrder(shape, strides) ? undefined : { shape, strides, elementBytes };
  return { name, dtype, shape, file, start, end: start + reach * elementBytes, view, preface };
}

function checkInside(
  { storage, elementBytes, offset, shape, strides }: StoredTensor,
  wrong: (what: string) => CheckpointError,
): void {
  const held = Math.floor((storage.count * storage.type.bytes) / elementBytes);
  const count = elementCount(shape);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
  const isEmpty = count === 0;
  if (count === undefined || offset > held || (!isEmpty && !(last < held)))
    throw wrong(
      `of shape ${showShape(shape)}, strides ${showShape(strides)} and offset ${offset} exceeds its storage of ${held} elements`,
    );
  if (isEmpty || isNested(shape, strides)) return;
  if (count > held) throw wrong(`has ${count} elements over a storage of ${held}`);
  throw new UnsupportedError(wrong("is a view whose elements share places, which is not supported").message);
}

/** Whether elements lie one after another in the order of the shape; the stride of a single row means nothing. */
function isInOrder(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    if (size === 0) return true;
    if (size > 1 && strides[axis] !== step) return elementCount(shape) === 0;
    step *= size;
  }
  return true;
}

/** Whether, sorted, each stride is at least the whole of the next. */
function isNested(shape: readonly number[], strides: readonly number[]): boolean {
  const axes = shape.map((size, axis) => ({ size, stride: strides[axis]! })).filter(({ size }) => size > 1);
  let whole = 1;
  for (const { size, stride } of axes.sort((a, b) => a.stride - b.stride)) {
    if (stride < whole) return false;
    whole = stride * (size - 1) + whole;
  }
  return true;
}

function isTensor(value: PickleValue): value is PickleCall {
  return (
    value instanceof PickleCall &&
    (value.callee.startsWith("torch._utils.") || value.callee.startsWith("torch._tensor."))
  );
}

const isOneOf = (names: readonly string[], name: string): boolean => names.includes(name);

const isSize = (value: PickleValue | undefined): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** A tuple of sizes, or torch.Size of one. */
function sizesOf(value: PickleValue | undefined): number[] | undefined {
  if (value instanceof PickleCall && value.callee === "torch.Size") return sizesOf(value.args[0]);
  return value instanceof PickleTuple && value.items.every(isSize) ? [...(value.items as number[])] : undefined;
}

/** A value for messages; what holds others is only named. */
function show(value: PickleValue | undefined): string {
  if (value === undefined) return "(none)";
  if (typeof value === "string") return quote(value);
  if (value instanceof PickleFloat) return `the number ${value.value}`;
  if (value instanceof PickleGlobal) return value.name;
  if (value instanceof PickleCall) return `the result of ${value.callee}`;
  if (value instanceof PickleDict) return "a dict";
  if (value instanceof PickleReference) return "a storage";
  if (Array.isArray(value)) return "a list";
  if (value instanceof PickleTuple)
    return value.items.length <= 16 && value.items.every((item) => typeof item !== "object")
      ? `(${value.items.map(show).join(", ")})`
      : `a tuple of ${value.items.length}`;
  return String(value).slice(0, 64);
}
