// The second engine: sentencepiece-js, the C++ library as WebAssembly. It is loaded only when somebody asks for it, and it
// only cuts: normalising with positions, added tokens and decoding are ours, so offsets are the same with both engines.
// The C++ inside is older than sentencepiece 0.2.3: it breaks ties in another way.
import { assert, CheckpointError, UnsupportedError } from "../../errors.js";
import type { Engine, SentencePiece } from "./sentencepiece.js";
import type { Cutting } from "./unigram.js";

/**
 * @param file the bytes of spm.model
 * @throws UnsupportedError where WebAssembly may not run
 */
export async function loadSentencePieceJs(
  file: Uint8Array,
  { model, vocabulary, isUsable }: SentencePiece,
): Promise<Engine> {
  const { SentencePieceProcessor } = await import("sentencepiece-js");
  const processor = new SentencePieceProcessor();
  try {
    await processor.load(file);
  } catch (cause) {
    const policy = "under a content security policy it needs script-src 'wasm-unsafe-eval'";
    throw new UnsupportedError(`the engine "sentencepiece-js" could not start its WebAssembly (${policy})`, { cause });
  }
  const status = processor.processor.status();
  const message = status.ToString();
  status.delete();
  if (!message.startsWith("OK")) throw new CheckpointError(`spm.model: sentencepiece-js refuses it: ${message}`);

  const { unkId, byteIds, pieces } = model;
  const bytePieces = new Set(byteIds);
  const encoder = new TextEncoder();
  const cutting: Cutting = { count: 0, ids: new Int32Array(256), ends: new Int32Array(256) };
  const push = (id: number, end: number): void => {
    if (cutting.count === cutting.ids.length) {
      const { ids, ends } = cutting;
      cutting.ids = new Int32Array(ids.length * 2);
      cutting.ids.set(ids);
      cutting.ends = new Int32Array(ends.length * 2);
      cutting.ends.set(ends);
    }
    cutting.ids[cutting.count] = id;
    cutting.ends[cutting.count++] = end;
  };

  return ({ bytes, length }, text) => {
    cutting.count = 0;
    let end = 0;
    if (length > 0) {
      for (const piece of processor.encodePieces(wellFormed(text))) {
        const id = vocabulary.find(piece);
        if (bytePieces.has(id)) {
          end++;
          const isLast = end === length || (bytes[end]! & 0xc0) !== 0x80;
          if (isLast) push(unkId, end); // one code point, spelled in byte pieces
        } else {
          end += id < 0 ? encoder.encode(piece).length : pieces.ends[id]! - pieces.starts[id]!;
          push(isUsable(id) ? id : unkId, end);
        }
      }
    }
    assert(end === length, `sentencepiece-js cut ${end} bytes of ${length}`);
    return cutting;
  };
}

/** Lone surrogates as U+FFFD. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");
