// Mutants: files with some bytes, or some part of its JSON, changed. The n-th mutant of a seed is always the same, so that a
// finding can be made again from two numbers.
import { generator, randomInteger } from "../support/random.js";
import { type Case, concat } from "./made/case.js";
import type { Files } from "./probes.js";

/** Bytes and numbers at which readers break. */
const NUMBERS = [
  0n,
  1n,
  127n,
  128n,
  255n,
  256n,
  32_767n,
  65_535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300, "", "0", "\ud800", "../x", "__proto__"],
  ...["constructor", "https://evil.example/", "x".repeat(5000), [], {}, [[]], [null], { "": null }, { length: 4e9 }],
];
const KEYS = ["__proto__", "constructor", "toString", "length", "", "0", "type", "\ud800"];
/** A mutant is no larger: what is tried is damage, not size. */
const MOST = 1 << 20;

type Random = () => number;

const oneOf = <T>(next: Random, list: readonly T[]): T => list[randomInteger(next, 0, list.length - 1)]!;

/** Numbers for the n-th mutant of a seed. */
export const randomOf = (seed: number, n: number): Random =>
  generator(Math.imul(seed, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b));

/** A mutant of one of these files. */
export function mutant(cases: readonly Case[], next: Random): Files {
  // Mostly of what loads: its mutants come further than those of what is refused at its first byte.
  const good = cases.filter(({ expect }) => expect === "loads");
  const from = next() < 0.7 ? good : cases;
  const files = new Map(oneOf(next, from).files);
  for (let changes = randomInteger(next, 1, 3); changes > 0; changes--) {
    const name = oneOf(next, [...files.keys()]);
    const other = oneOf(next, [...oneOf(next, cases).files.values()]);
    files.set(name, changed(next, files.get(name)!, other).slice(0, MOST));
  }
  return files;
}

function changed(next: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const json = jsonIn(bytes);
  if (json && next() < 0.7) return withJson(bytes, json, changedJson(next, json.value));
  const copy = Uint8Array.from(bytes);
  const at = randomInteger(next, 0, Math.max(0, bytes.length - 1));
  const length = randomInteger(next, 1, Math.min(64, Math.max(1, bytes.length - at)));
  switch (randomInteger(next, 0, 6)) {
    case 0:
      copy[at] = randomInteger(next, 0, 255);
      return copy;
    case 1:
      copy[at]! ^= 1 << randomInteger(next, 0, 7);
      return copy;
    case 2: {
      const width = oneOf(next, [1, 2, 4, 8]);
      const number = oneOf(next, NUMBERS);
      for (let i = 0; i < width && at + i < copy.length; i++) copy[at + i] = Number((number >> BigInt(8 * i)) & 255n);
      return copy;
    }
    case 3:
      return copy.slice(0, at);
    case 4:
      return concat(copy.slice(0, at), copy.slice(at + length));
    case 5:
      return concat(copy.slice(0, at + length), copy.slice(at));
    default: {
      const from = randomInteger(next, 0, Math.max(0, other.length - 1));
      return concat(copy.slice(0, at), other.slice(from, from + 4 * length), copy.slice(at));
    }
  }
}

interface FoundJson {
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
}

/** The file's JSON, or that of a safetensors header; texts of a megabyte, or nested without end, are left alone. */
function jsonIn(bytes: Uint8Array): FoundJson | undefined {
  const isHeader = bytes.length >= 8 && bytes[8] === 0x7b;
  const start = isHeader ? 8 : 0;
  const told = isHeader ? Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)) : bytes.length;
  const end = isHeader ? Math.min(bytes.length, 8 + told) : bytes.length;
  if (end - start > 20_000) return undefined;
  try {
    return { start, end, value: JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as unknown };
  } catch {
    return undefined;
  }
}

function withJson(bytes: Uint8Array, { start, end }: FoundJson, text: string): Uint8Array {
  const body = new TextEncoder().encode(text);
  const head = bytes.slice(0, start);
  if (start === 8) new DataView(head.buffer).setBigUint64(0, BigInt(body.length), true);
  return concat(head, body, bytes.slice(end));
}

/** The JSON with a value or a key somewhere in it replaced, doubled or left out. As text, since objects hide doubled keys. */
function changedJson(next: Random, value: unknown): string {
  const count = nodesOf(value);
  let left = randomInteger(next, 0, count - 1);
  const write = (node: unknown): string => {
    if (left-- === 0) return JSON.stringify(next() < 0.2 ? { [oneOf(next, KEYS)]: node } : oneOf(next, VALUES));
    if (Array.isArray(node)) return `[${node.map(write).join()}]`;
    if (typeof node !== "object" || node === null) return JSON.stringify(node);
    const fields = Object.entries(node).flatMap(([key, each]) => {
      const field = `${JSON.stringify(left === 0 && next() < 0.3 ? oneOf(next, KEYS) : key)}:${write(each)}`;
      return left === -1 && next() < 0.2 ? (next() < 0.5 ? [field, field] : []) : [field];
    });
    return `{${fields.join()}}`;
  };
  return write(value);
}

function nodesOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, each) => sum + nodesOf(each), 1);
}
