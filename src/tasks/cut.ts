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

/** What `cutAt` gives for a result and for each of its members: structured clone drops what is hidden. */
export type Cuts = readonly (number | undefined)[];

/** Undefined where nothing was cut. */
export function cutsOf(result: unknown): Cuts | undefined {
  if (!Array.isArray(result)) return undefined;
  const cuts = [result, ...(result as unknown[])].map((list) => (Array.isArray(list) ? cutAt(list) : undefined));
  return cuts.some((cut) => cut !== undefined) ? cuts : undefined;
}

/** Marks a copy of the result that the cuts were taken from. */
export function markCuts(copy: unknown, cuts: Cuts): void {
  const lists = [copy, ...(copy as unknown[])] as object[];
  for (const [at, cut] of cuts.entries()) if (cut !== undefined) markCut(lists[at]!, cut);
}
