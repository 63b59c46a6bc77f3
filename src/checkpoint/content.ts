// What tells the bytes of a file from all others, as far as anything says so: models that are loaded from the same bytes share what
// they make of them. Where a file may have changed since, its name is another one.

/** What a server says of the bytes that it has under an address now. */
export interface Version {
  /** The strong entity tag. */
  readonly etag?: string | undefined;
  /** The Last-Modified header. */
  readonly modified?: string | undefined;
}

let count = 0;
const numbers = new WeakMap<object, number>();

/** The name of an object in this realm: another object has another one, whatever it holds. */
export function contentOfObject(object: object): string {
  const number = numbers.get(object) ?? ++count;
  numbers.set(object, number);
  return `object ${number}`;
}

/** A Last-Modified header counts in seconds, so within the next minute it may not tell two versions apart (RFC 9110, 8.8.2.2). */
const SETTLED = 60_000;

/**
 * Of what a server has under an address; undefined where nothing tells whether it has changed.
 * @param access how it was asked for: others may be given other bytes
 * @param isFixed whether the address itself is that of one version
 */
export function contentAtAddress(
  address: string,
  { etag, modified }: Version,
  size: number,
  access: readonly unknown[],
  isFixed: boolean,
): string | undefined {
  const isSettled = modified !== undefined && Date.now() - Date.parse(modified) > SETTLED;
  if (!isFixed && etag === undefined && !isSettled) return undefined;
  return JSON.stringify([address, isFixed ? "" : (etag ?? modified), size, ...access]);
}
