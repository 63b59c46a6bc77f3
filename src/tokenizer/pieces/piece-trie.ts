// The pieces of a vocabulary as a byte trie, so that one walk finds every piece that begins at a place of a text.
// The edges live in one open-addressing hash table over (node, byte): it is filled in tens of milliseconds for 128 000
// pieces, which sorted or double arrays are not, and a lookup costs one cache line. Pieces are added by length, so that
// a piece's own node is always new when the piece is added: its number can be the piece's id, and no table from nodes to
// pieces is needed.

/** Byte strings by number: string `i` is `bytes.subarray(starts[i], ends[i])`. */
export interface ByteStrings {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Nodes below `size` are pieces, by their id; `root` and all nodes above it are only ways to get there. */
export interface PieceTrie {
  readonly size: number;
  readonly root: number;
  /** Slots of two: (node << 8 | byte) + 1, or 0 for a free slot; then the node that the edge leads to. */
  readonly edges: Int32Array;
  /** A slot is the hash's upper bits: hash >>> shift. */
  readonly shift: number;
}

/** Nodes must leave room for a byte in 31 bits. */
export const MAX_NODES: number = 2 ** 23 - 1;
const HASH = 0x9e3779b1; // 2^32 / golden ratio

/**
 * Builds the trie of all strings. `onDuplicate` is called with the id of a string that was there before.
 * The sum of lengths and the number of strings must stay below MAX_NODES.
 */
export function buildTrie({ bytes, starts, ends }: ByteStrings, onDuplicate: (id: number) => void): PieceTrie {
  const size = starts.length;
  const root = size;
  let count = size + 1;
  let used = 0;
  let bits = Math.max(8, 33 - Math.clz32(size * 2)); // enough for four edges a piece; grows when it gets tight
  let edges = new Int32Array(2 ** (bits + 1));
  for (const id of byLength(starts, ends)) {
    const end = ends[id]! - 1;
    let node = root;
    for (let at = starts[id]!; at <= end; at++) {
      const key = ((node << 8) | bytes[at]!) + 1;
      const slot = find(edges, key, 32 - bits);
      const isLast = at === end;
      if (edges[slot] === key) {
        node = edges[slot + 1]!;
        if (isLast) onDuplicate(id);
      } else {
        node = isLast ? id : count++;
        edges[slot] = key;
        edges[slot + 1] = node;
        if (++used * 5 > 2 ** bits * 3) edges = grow(edges, ++bits);
      }
    }
  }
  return { size, root, edges, shift: 32 - bits };
}

/** The node behind `node` along `byte`, or -1. */
export function step({ edges, shift }: PieceTrie, node: number, byte: number): number {
  const key = ((node << 8) | byte) + 1;
  const slot = find(edges, key, shift);
  return edges[slot] === key ? edges[slot + 1]! : -1;
}

/** Where the edge of this key stands, or the free slot where it would go. */
function find(edges: Int32Array, key: number, shift: number): number {
  let slot = (Math.imul(key, HASH) >>> shift) << 1;
  while (edges[slot] !== key && edges[slot] !== 0) slot = (slot + 2) & (edges.length - 1);
  return slot;
}

function grow(edges: Int32Array, bits: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 ** (bits + 1));
  for (let from = 0; from < edges.length; from += 2) {
    const key = edges[from]!;
    if (key === 0) continue;
    const slot = find(larger, key, 32 - bits);
    larger[slot] = key;
    larger[slot + 1] = edges[from + 1]!;
  }
  return larger;
}

/** Ids ordered by length (counting sort: stable and linear). */
function byLength(starts: Uint32Array, ends: Uint32Array): Int32Array {
  let longest = 0;
  for (let id = 0; id < starts.length; id++) longest = Math.max(longest, ends[id]! - starts[id]!);
  const next = new Int32Array(longest + 2);
  for (let id = 0; id < starts.length; id++) next[ends[id]! - starts[id]! + 1]!++;
  for (let length = 1; length < next.length; length++) next[length]! += next[length - 1]!;
  const order = new Int32Array(starts.length);
  for (let id = 0; id < starts.length; id++) order[next[ends[id]! - starts[id]!]!++] = id;
  return order;
}
