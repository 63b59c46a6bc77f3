// The pieces of a model: their bytes, their scores and the trie over them. Strings are made only when somebody asks
// for one, so that loading 128 000 pieces takes milliseconds.
import { CheckpointError } from "../../errors.js";
import { isMark } from "./words.js";
import { buildTrie, MAX_NODES, step, type ByteStrings, type PieceTrie } from "./piece-trie.js";

export interface Vocabulary {
  /** Number of pieces; ids are 0 … size - 1. */
  readonly size: number;
  /** Log probabilities by id. */
  readonly scores: Float64Array;
  readonly trie: PieceTrie;
  /** The piece's text. */
  text(id: number): string;
  /** The id of the piece with exactly this text, or -1. */
  find(text: string): number;
  /** The id of the piece with exactly these bytes, or -1. */
  findBytes(bytes: Uint8Array, start: number, end: number): number;
}

/** Throws CheckpointError, naming `file`, for a piece that is empty or there twice, or for more text than a trie holds. */
export function createVocabulary(pieces: ByteStrings, scores: Float64Array, file: string): Vocabulary {
  const { bytes, starts, ends } = pieces;
  const size = starts.length;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const textOf = (id: number): string => {
    const end = ends[id]!;
    let at = starts[id]!;
    // Most are a ▁ and ASCII, which a decoder is slow to be called for.
    let text = "";
    if (isMark(bytes, at)) {
      text = "\u2581";
      at += 3;
    }
    for (; at < end && bytes[at]! < 0x80; at++) text += String.fromCharCode(bytes[at]!);
    return at === end ? text : decoder.decode(bytes.subarray(starts[id], end));
  };
  let total = size;
  for (let id = 0; id < size; id++) {
    const length = ends[id]! - starts[id]!;
    if (length === 0) throw new CheckpointError(`${file}: piece ${id} is empty`);
    total += length;
  }
  if (total > MAX_NODES)
    throw new CheckpointError(`${file}: ${total} bytes of pieces, at most ${MAX_NODES} are supported`);
  const trie = buildTrie(pieces, (id) => {
    throw new CheckpointError(`${file}: piece ${id}, ${JSON.stringify(textOf(id))}, is there twice`);
  });

  const texts = new Array<string | undefined>(size).fill(undefined);
  const ids = new Map<string, number>(); // of the texts that have been made
  const encoder = new TextEncoder();
  const findBytes = (text: Uint8Array, start: number, end: number): number => {
    let node = trie.root;
    for (let at = start; at < end && node >= 0; at++) node = step(trie, node, text[at]!);
    return node < size ? node : -1;
  };
  return {
    size,
    scores,
    trie,
    text(id) {
      let text = texts[id];
      if (text === undefined) {
        text = texts[id] = textOf(id);
        if (!text.includes("\ufffd")) ids.set(text, id); // perhaps bytes that are no text
      }
      return text;
    },
    find(text) {
      const known = ids.get(text);
      if (known !== undefined) return known;
      const wanted = encoder.encode(text);
      return findBytes(wanted, 0, wanted.length);
    },
    findBytes,
  };
}
