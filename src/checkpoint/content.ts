// A name for the bytes of a file: models that are loaded from the same bytes share what they make of them. Where nothing tells whether
// a file has changed, each opening has a name of its own.
import type { Address, NamedSource } from "./byte-source.js";

let count = 0;
const numbers = new WeakMap<object, number>();

/** The name of an object in this realm: another object has another one, whatever it holds. */
export function contentOfObject(object: object): string {
  const number = numbers.get(object) ?? ++count;
  numbers.set(object, number);
  return `object ${number}`;
}

/** Equal for two files only if their bytes are. */
export function contentOf({ sha256, size, identity }: NamedSource): string {
  if (sha256 !== undefined) return `sha256-${sha256}`;
  return JSON.stringify("url" in identity ? atAddress(identity, size) : identity.map(plain));
}

const plain = (part: unknown): unknown => (Object(part) === part ? contentOfObject(part as object) : part);

/** A Last-Modified header counts in seconds, so within the next minute it may not tell two versions apart (RFC 9110, 8.8.2.2). */
const SETTLED = 60_000;

function atAddress(address: Address, size: number): unknown[] {
  const { url, isFixed, version, askedAt, access } = address;
  const { etag, modified } = version;
  const isSettled = modified !== undefined && askedAt - Date.parse(modified) > SETTLED;
  if (!isFixed && etag === undefined && !isSettled) return [contentOfObject(address)];
  return [url, isFixed ? "" : (etag ?? modified), size, ...access.map(plain)];
}
