// spm.model: the protobuf message that sentencepiece writes, read into plain data and checked as sentencepiece checks it.
// Field numbers: google/sentencepiece, src/sentencepiece_model.proto.
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { BYTES, FIXED32, readFields, VARINT } from "./protobuf.js";
import type { ByteStrings } from "./piece-trie.js";
import { BYTE, NORMAL, UNKNOWN, UNUSED, USER_DEFINED } from "./piece-types.js";

/** What a file says. Pieces by id; their texts are slices of the file itself. */
export interface PieceModel {
  readonly pieces: ByteStrings;
  /** Log probabilities, float32 values. */
  readonly scores: Float64Array;
  readonly types: Uint8Array;
  /** The piece of type UNKNOWN. */
  readonly unkId: number;
  /** What the trainer calls unk_id; the fast tokenizer uses this one. */
  readonly trainerUnkId: number;
  /** Ids of the byte pieces <0x00> … <0xFF>; undefined without byte fallback. */
  readonly byteIds: Int32Array | undefined;
  /** What an unknown piece reads as. */
  readonly unkSurface: string;
  /** The precompiled character map (see char-map.ts). */
  readonly charsMap: Uint8Array | undefined;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  readonly whitespaceAsSuffix: boolean;
}

const UNIGRAM = 1;
const MODEL_TYPES = ["", "unigram", "bpe", "word", "char"];
/** Longest piece that sentencepiece takes, in bytes. */
const MAX_PIECE_BYTES = 7999;

/** Reads a model. Throws CheckpointError or UnsupportedError, naming `file` and the piece or field. */
export function parsePieceModel(bytes: Uint8Array, file: string): PieceModel {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (start: number, end: number): string => new TextDecoder().decode(bytes.subarray(start, end));
  const starts: number[] = [];
  const ends: number[] = [];
  const scores: number[] = [];
  const types: number[] = [];
  let modelType = UNIGRAM;
  let whitespaceAsSuffix = false;
  let byteFallback = false;
  let trainerUnkId = 0;
  let unkSurface = " \u2047 ";
  let charsMap: Uint8Array | undefined;
  let addDummyPrefix = true;
  let removeExtraWhitespaces = true;
  let escapeWhitespaces = true;

  // A field whose wire type is not the expected one is skipped, as protobuf skips it; so are unknown values of an enum.
  readFields(bytes, 0, bytes.length, file, (part) => {
    if (part.wire !== BYTES) return;
    if (part.number === 1) {
      let [start, end, score, type] = [0, 0, 0, NORMAL];
      readFields(bytes, part.start, part.end, file, (field) => {
        if (field.number === 1 && field.wire === BYTES) [start, end] = [field.start, field.end];
        else if (field.number === 2 && field.wire === FIXED32) score = view.getFloat32(field.start, true);
        else if (field.number === 3 && field.wire === VARINT && field.value >= NORMAL && field.value <= BYTE)
          type = field.value;
      });
      starts.push(start);
      ends.push(end);
      scores.push(score);
      types.push(type);
    } else if (part.number === 2) {
      readFields(bytes, part.start, part.end, file, ({ number, wire, value, start, end }) => {
        if (wire === VARINT) {
          if (number === 3 && value >= UNIGRAM && value < MODEL_TYPES.length) modelType = value;
          else if (number === 24) whitespaceAsSuffix = value !== 0;
          else if (number === 35) byteFallback = value !== 0;
          else if (number === 40) trainerUnkId = value;
        } else if (wire === BYTES && number === 44) unkSurface = text(start, end);
      });
    } else if (part.number === 3) {
      readFields(bytes, part.start, part.end, file, ({ number, wire, value, start, end }) => {
        if (wire === VARINT) {
          if (number === 3) addDummyPrefix = value !== 0;
          else if (number === 4) removeExtraWhitespaces = value !== 0;
          else if (number === 5) escapeWhitespaces = value !== 0;
        } else if (wire === BYTES && number === 2) charsMap = end > start ? bytes.subarray(start, end) : undefined;
      });
    }
  });

  if (modelType !== UNIGRAM)
    throw new UnsupportedError(
      `${file}: a ${MODEL_TYPES[modelType]!} model; DeBERTa-v2's tokenizers are unigram models`,
    );
  const pieces = { bytes, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
  const name = (id: number): string => `piece ${id}, ${JSON.stringify(text(starts[id]!, ends[id]!))},`;
  checkPieces(pieces, scores, file, name);
  return {
    pieces,
    scores: Float64Array.from(scores),
    types: Uint8Array.from(types),
    unkId: unknownPiece(types, file),
    trainerUnkId,
    byteIds: bytePieces(types, (id) => text(starts[id]!, ends[id]!), byteFallback, file),
    unkSurface,
    charsMap,
    addDummyPrefix,
    removeExtraWhitespaces,
    escapeWhitespaces,
    whitespaceAsSuffix,
  };
}

function checkPieces(
  { bytes, starts, ends }: ByteStrings,
  scores: number[],
  file: string,
  name: (id: number) => string,
) {
  for (let id = 0; id < starts.length; id++) {
    const length = ends[id]! - starts[id]!;
    if (length === 0) throw new CheckpointError(`${file}: piece ${id} is empty`);
    if (length > MAX_PIECE_BYTES)
      throw new CheckpointError(`${file}: piece ${id} has ${length} bytes, at most ${MAX_PIECE_BYTES} are allowed`);
    if (!Number.isFinite(scores[id])) throw new CheckpointError(`${file}: ${name(id)} has the score ${scores[id]!}`);
    for (let at = starts[id]!; at < ends[id]!; at++)
      if (bytes[at] === 0) throw new CheckpointError(`${file}: ${name(id)} contains a zero byte`);
  }
}

function unknownPiece(types: readonly number[], file: string): number {
  const unkId = types.indexOf(UNKNOWN);
  if (unkId < 0) throw new CheckpointError(`${file}: ${types.length} pieces, none of them of the kind "unknown"`);
  const second = types.indexOf(UNKNOWN, unkId + 1);
  if (second >= 0) throw new CheckpointError(`${file}: pieces ${unkId} and ${second} are both of the kind "unknown"`);
  if (!types.some((type) => type === NORMAL || type === USER_DEFINED || type === UNUSED))
    throw new CheckpointError(`${file}: no piece that a text could be cut into`);
  return unkId;
}

/** The byte pieces by byte; all or none must be there. */
function bytePieces(
  types: readonly number[],
  text: (id: number) => string,
  byteFallback: boolean,
  file: string,
): Int32Array | undefined {
  const ids = new Int32Array(256).fill(-1);
  for (let id = types.indexOf(BYTE); id >= 0; id = types.indexOf(BYTE, id + 1)) {
    if (!byteFallback) throw new CheckpointError(`${file}: piece ${id} is a byte piece, but byte_fallback is off`);
    const byte = /^<0x([0-9A-F]{2})>$/.exec(text(id))?.[1];
    if (byte === undefined)
      throw new CheckpointError(
        `${file}: byte piece ${id} is called ${JSON.stringify(text(id))}, not "<0x00>" … "<0xFF>"`,
      );
    ids[parseInt(byte, 16)] = id;
  }
  if (!byteFallback) return undefined;
  const missing = ids.indexOf(-1);
  if (missing >= 0)
    throw new CheckpointError(`${file}: byte_fallback is on, but there is no piece for byte ${missing}`);
  return ids;
}
