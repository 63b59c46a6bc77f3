// A tokenizer.json of a spm.model, as Transformers' conversion makes it but for added tokens: what other libraries need to
// read the vocabularies that are published without one. Reads the little of protobuf that it takes, and checks nothing.

type Visit = (field: number, start: number, end: number) => void;

/** Calls `visit` for each field of the message in bytes [start, end); a varint's value is not told. */
function fields(bytes: Uint8Array, start: number, end: number, visit: Visit): void {
  let at = start;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (let byte = 128; byte >= 128; scale *= 128) {
      byte = bytes[at++]!;
      value += (byte & 127) * scale;
    }
    return value;
  };
  while (at < end) {
    const tag = varint();
    const wire = tag & 7;
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : 0;
    if (wire === 0) varint();
    else visit(tag >> 3, at, at + length);
    at += length;
  }
}

export function tokenizerJson(spm: Uint8Array<ArrayBuffer>, unkId: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(spm.buffer, spm.byteOffset);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const vocab: [string, number][] = [];
  let charsMap = "";
  fields(spm, 0, spm.length, (field, start, end) => {
    if (field === 1) {
      const entry: [string, number] = ["", 0];
      fields(spm, start, end, (part, from, to) => {
        if (part === 1) entry[0] = decoder.decode(spm.subarray(from, to));
        else if (part === 2) entry[1] = view.getFloat32(from, true);
      });
      vocab.push(entry);
    } else if (field === 3)
      fields(spm, start, end, (part, from, to) => {
        if (part === 2)
          charsMap = btoa(Array.from(spm.subarray(from, to), (byte) => String.fromCharCode(byte)).join(""));
      });
  });
  const metaspace = { type: "Metaspace", replacement: "\u2581", prepend_scheme: "always", split: true };
  const normalizers = [
    { type: "Strip", strip_left: true, strip_right: true },
    ...(charsMap ? [{ type: "Precompiled", precompiled_charsmap: charsMap }] : []),
    { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
  ];
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: "Sequence", normalizers },
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: metaspace,
    model: { type: "Unigram", unk_id: unkId, vocab, byte_fallback: false },
  };
  return new TextEncoder().encode(JSON.stringify(json));
}
