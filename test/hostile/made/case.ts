// One file of the corpus with what must come of it.
import { type Outcome } from "../judge.js";
import type { Kind } from "../kinds.js";
import type { Files } from "../probes.js";

export interface Case {
  readonly kind: Kind;
  readonly name: string;
  readonly files: Files;
  /** "any": a mutant, of which only the rules of judge.ts are asked. */
  readonly expect: Outcome | "any";
}

/** Cases of one kind, gathered under names that are given once. */
export class Cases {
  readonly all: Case[] = [];
  private readonly kind: Kind;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  add(name: string, expect: Case["expect"], files: Readonly<Record<string, Uint8Array | string>>): void {
    if (this.all.some((one) => one.name === name)) throw new Error(`${this.kind}: two cases ${name}`);
    const bytes = Object.entries(files).map(([file, content]) => [file, utf8(content)] as const);
    this.all.push({ kind: this.kind, name, expect, files: new Map(bytes) });
  }
}

export const utf8 = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

export function concat(...parts: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map(utf8);
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A little-endian number of that many bytes. */
export function little(value: number | bigint, bytes: number): Uint8Array {
  const number = BigInt.asUintN(8 * bytes, BigInt(value));
  return Uint8Array.from({ length: bytes }, (_, i) => Number((number >> BigInt(8 * i)) & 255n));
}

/** The bytes with some in the middle replaced. */
export function patched(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  copy.set(part, at);
  return copy;
}
