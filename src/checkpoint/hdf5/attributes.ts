// Lists of texts among an object's attributes: Keras keeps the names of layers and weights there.
import { UnsupportedError } from "../../errors.js";
import { elementCount } from "../tensor-entry.js";
import { hasSignature, type Hdf5File, type Message, MESSAGE, textOf } from "./file.js";
import { type ElementType, readShape, readType } from "./types.js";

const MAX_TEXTS = 100_000;
const MAX_COLLECTION = 16 << 20;
const REFERENCE_BYTES = 16;

interface Attribute {
  readonly type: ElementType;
  readonly count: number;
  readonly data: DataView;
}

/**
 * A list of texts: one attribute, or several with numbers behind the name, which Keras writes when the list has more than 64 KiB.
 * @returns undefined when the object has none of that name
 */
export async function readTexts(
  file: Hdf5File,
  messages: readonly Message[],
  name: string,
  of: string,
): Promise<string[] | undefined> {
  const attributes = attributesOf(file, messages, of);
  const whole = attributes.get(name);
  if (whole) return textsOf(file, whole, `${name} of ${of}`);
  const texts: string[] = [];
  let part = 0;
  for (let attribute; (attribute = attributes.get(`${name}${part}`)); part++)
    for (const text of await textsOf(file, attribute, `${name}${part} of ${of}`)) texts.push(text);
  if (part > 0) return texts;
  if (messages.some(({ type }) => type === MESSAGE.attributeInfo))
    throw new UnsupportedError(`${file.name}: attributes beside the header of ${of} are not supported`);
  return undefined;
}

function attributesOf(file: Hdf5File, messages: readonly Message[], of: string): Map<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const { type, bytes } of messages) {
    if (type !== MESSAGE.attribute) continue;
    const [name, attribute] = readAttribute(file, bytes, of);
    attributes.set(name, attribute);
  }
  return attributes;
}

/** Version 1 pads name, type and shape to multiples of 8 bytes; version 3 tells the name's encoding. */
function readAttribute(file: Hdf5File, bytes: DataView, of: string): [string, Attribute] {
  const wrong = (): Error => file.wrong(`an attribute of ${of} is damaged`);
  if (bytes.byteLength < 9) throw wrong();
  const version = bytes.getUint8(0);
  if (version < 1 || version > 3) throw wrong();
  const padded = (length: number): number => (version === 1 ? 8 * Math.ceil(length / 8) : length);
  const sizes = [2, 4, 6].map((at) => bytes.getUint16(at, true)) as [number, number, number];
  const nameAt = version === 3 ? 9 : 8;
  const typeAt = nameAt + padded(sizes[0]);
  const shapeAt = typeAt + padded(sizes[1]);
  const dataAt = shapeAt + padded(sizes[2]);
  if (dataAt > bytes.byteLength) throw wrong();
  const part = (from: number, length: number): DataView => new DataView(bytes.buffer, bytes.byteOffset + from, length);
  const name = textOf(part(nameAt, sizes[0]));
  if (name === undefined) throw wrong();
  const type = readType(file, part(typeAt, sizes[1]), `${name} of ${of}`);
  const count = elementCount(readShape(file, part(shapeAt, sizes[2]), `${name} of ${of}`)) ?? Infinity;
  return [name, { type, count, data: part(dataAt, bytes.byteLength - dataAt) }];
}

async function textsOf(file: Hdf5File, { type, count, data }: Attribute, of: string): Promise<string[]> {
  if (count === 0) return [];
  if (type.kind !== "text" && type.kind !== "textElsewhere") throw file.wrong(`${of} is not a list of texts`);
  if (count > MAX_TEXTS || type.bytes === 0 || count * type.bytes > data.byteLength)
    throw file.wrong(`${of} says ${count} texts, which are not there`);
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * type.bytes;
    const text = type.kind === "text" ? textOf(data, at, type.bytes) : await textElsewhere(file, data, at, of);
    if (text === undefined) throw file.wrong(`${of} has a text that is not UTF-8`);
    texts.push(text);
  }
  return texts;
}

/** Texts by their numbers. */
type Collection = ReadonlyMap<number, DataView>;

/** Read once each: thousands of texts may lie in one. */
const collections = new WeakMap<Hdf5File, Map<number, Promise<Collection>>>();

/** A text in a collection of the global heap: its length, the collection's address, its number there. */
async function textElsewhere(file: Hdf5File, data: DataView, at: number, of: string): Promise<string | undefined> {
  if (at + REFERENCE_BYTES > data.byteLength) throw file.wrong(`${of} is cut short`);
  const address = file.address(data, at + 4, of);
  const known = collections.get(file) ?? new Map<number, Promise<Collection>>();
  collections.set(file, known);
  const collection = known.get(address) ?? readCollection(file, address, of);
  known.set(address, collection);
  const text = (await collection).get(data.getUint32(at + 12, true));
  if (!text) throw file.wrong(`${of} names a text that is not there`);
  const length = data.getUint32(at, true);
  return length <= text.byteLength ? textOf(text, 0, length) : undefined;
}

async function readCollection(file: Hdf5File, address: number, of: string): Promise<Collection> {
  const head = await file.read(address, REFERENCE_BYTES, of);
  const size = file.size(head, 8, of);
  if (!hasSignature(head, "GCOL") || size > MAX_COLLECTION) throw file.wrong(`${of} names no texts`);
  const block = await file.read(address, size, of);
  const texts = new Map<number, DataView>();
  for (let object = REFERENCE_BYTES; object + REFERENCE_BYTES <= block.byteLength;) {
    const bytes = file.size(block, object + 8, of);
    const start = object + REFERENCE_BYTES;
    const number = block.getUint16(object, true);
    if (number === 0 || bytes > block.byteLength - start) break; // the rest is free
    if (!texts.has(number)) texts.set(number, new DataView(block.buffer, block.byteOffset + start, bytes));
    object = start + 8 * Math.ceil(bytes / 8);
  }
  return texts;
}
