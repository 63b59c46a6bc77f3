// How a list of entities tells that its text was cut: `redact` must not pass such a text off as clean.

/** A result whose text was cut: a list like any other, with a hidden `readTo` that `redact` looks for. */
interface CutResult {
  readonly readTo?: number;
}

/** Says in a result up to where its text was read; hidden, so that results compare as lists. */
export function markCut<List extends object>(entities: List, readTo: number): List {
  return Object.defineProperty(entities, "readTo", { value: readTo });
}

/** Up to where the text of a result was read; undefined when nothing was cut. */
export const cutAt = (entities: object): number | undefined => (entities as CutResult).readTo;
