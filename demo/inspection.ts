// The inspector's figures, from the terms of attention scores: plain arithmetic on [N, N] matrices, row by row.

/** [N, N], row-major: row i is the reading token, column j the token it looks at. */
export type Matrix = Float32Array;

export const TERMS = ["c2c", "c2p", "p2c"] as const;
export type Term = (typeof TERMS)[number];

/** One head on one text. */
export interface Head {
  readonly size: number;
  readonly attention: Matrix;
  /** Each row's mean taken off: softmax does not see it. */
  readonly terms: Readonly<Record<Term, Matrix>>;
}

/** Takes each row's mean off. */
export function rowCentred(values: ArrayLike<number>, size: number): Matrix {
  const centred = Float32Array.from(values);
  for (let row = 0; row < size; row++) {
    const at = centred.subarray(row * size, (row + 1) * size);
    const mean = at.reduce((sum, value) => sum + value, 0) / size;
    at.forEach((value, column) => (at[column] = value - mean));
  }
  return centred;
}

/** The sum of the terms. */
export const scoresOf = ({ terms: { c2c, c2p, p2c } }: Head): Matrix =>
  c2c.map((value, at) => value + c2p[at]! + p2c[at]!);

/** Softmax of each row. */
export function softmaxed(scores: Matrix, size: number): Matrix {
  const result = Float32Array.from(scores);
  for (let row = 0; row < size; row++) {
    const at = result.subarray(row * size, (row + 1) * size);
    const largest = Math.max(...at);
    let sum = 0;
    at.forEach((value, column) => (sum += at[column] = Math.exp(value - largest)));
    at.forEach((value, column) => (at[column] = value / sum));
  }
  return result;
}

/** Each term's share of the scores' variance, in whole per cent that add to 100; a term may work against the sum. */
export function sharesOf(head: Head): Record<Term, number> {
  const sum = scoresOf(head);
  const variance = dot(sum, sum);
  const exact = TERMS.map((term) => (variance > 0 ? (100 * dot(head.terms[term], sum)) / variance : 100 / 3));
  const whole = exact.map(Math.floor);
  const left = 100 - whole.reduce((total, value) => total + value, 0);
  // The largest remainders get what rounding down has left.
  const order = [0, 1, 2].sort((a, b) => exact[b]! - whole[b]! - (exact[a]! - whole[a]!));
  for (const index of order.slice(0, left)) whole[index]!++;
  return { c2c: whole[0]!, c2p: whole[1]!, p2c: whole[2]! };
}

export interface Facts {
  /** Of the entropy of looking everywhere alike, 0 to 1. */
  readonly entropy: number;
  /** Mean distance looked over, in tokens. */
  readonly reach: number;
  /** One minus half the L1 distance to what the content term alone would give, 0 to 1. */
  readonly contentAlone: number;
}

/** Means over all reading tokens. */
export function factsOf(head: Head): Facts {
  const { size, attention } = head;
  const alone = softmaxed(head.terms.c2c, size);
  const whole = softmaxed(scoresOf(head), size);
  let entropy = 0;
  let reach = 0;
  let apart = 0;
  attention.forEach((share, at) => {
    const row = Math.floor(at / size);
    const column = at % size;
    if (share > 0) entropy -= share * Math.log(share);
    reach += share * Math.abs(row - column);
    apart += Math.abs(whole[at]! - alone[at]!) / 2;
  });
  return { entropy: entropy / size / Math.log(Math.max(2, size)), reach: reach / size, contentAlone: 1 - apart / size };
}

export interface Reason {
  readonly token: number;
  readonly attention: number;
  readonly terms: Readonly<Record<Term, number>>;
}

/** The tokens that a token looks at most, and what each term adds above its row's mean. */
export function reasonsOf({ size, attention, terms }: Head, row: number, count = 6): Reason[] {
  return Array.from({ length: size }, (_, token) => {
    const at = row * size + token;
    return {
      token,
      attention: attention[at]!,
      terms: { c2c: terms.c2c[at]!, c2p: terms.c2p[at]!, p2c: terms.p2c[at]! },
    };
  })
    .sort((a, b) => b.attention - a.attention)
    .slice(0, count);
}

export interface CurvePoint {
  /** Where the other token stands: before (negative), itself, after. */
  readonly distance: number;
  readonly c2p: number;
  readonly p2c: number;
}

/** Both relative terms by distance, means over all pairs of tokens that stand so. */
export function distanceCurve({ size, terms }: Head): CurvePoint[] {
  return Array.from({ length: 2 * size - 1 }, (_, index) => {
    const distance = index - size + 1;
    const first = Math.max(0, -distance);
    const count = size - Math.abs(distance);
    const mean = (term: Term): number => {
      let sum = 0;
      for (let row = first; row < first + count; row++) sum += terms[term][row * size + row + distance]!;
      return sum / count;
    };
    return { distance, c2p: mean("c2p"), p2c: mean("p2c") };
  });
}

/** How far each layer turns each token's vector: 1 minus the cosine to the layer before, [layers][N]. */
export function changes(states: readonly ArrayLike<number>[], size: number): number[][] {
  const width = states[0]!.length / size;
  return states.slice(1).map((state, layer) =>
    Array.from({ length: size }, (_, token) => {
      const before = states[layer]!;
      let both = 0;
      let a = 0;
      let b = 0;
      for (let at = token * width; at < (token + 1) * width; at++) {
        both += state[at]! * before[at]!;
        a += state[at]! ** 2;
        b += before[at]! ** 2;
      }
      return 1 - both / Math.sqrt(a * b || 1);
    }),
  );
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

function dot(a: Matrix, b: Matrix): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
