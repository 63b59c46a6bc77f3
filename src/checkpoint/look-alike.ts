// What a file looks like by its first bytes. Servers send login pages, error objects and Git LFS pointers where weights
// should be; a message that says so spares the reader a hunt through a parser's complaint.

/** How many first bytes are enough for `looksLike`. */
export const LOOK_BYTES = 512;

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);

const TAR_MAGIC = [0x75, 0x73, 0x74, 0x61, 0x72]; // "ustar" at 257

/**
 * Names what a model folder never holds under any name, e.g. "an HTML page"; undefined when nothing is recognised.
 * @param bytes the first bytes of the file (512 are enough)
 */
export function looksLike(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, LOOK_BYTES)).trimStart();
  if (/^(?:<!doctype\s+html|<html|<head|<body)/i.test(text)) return "an HTML page";
  if (/^<\?xml/i.test(text)) return "an XML document";
  if (text.startsWith("version https://git-lfs.github.com/spec/v1")) return gitLfsPointer(text);
  if (/^entry not found\b/i.test(text)) return "a server's error text";
  if (startsWith(bytes, [0x1f, 0x8b])) return "a gzip file";
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47])) return "a PNG picture";
  if (TAR_MAGIC.every((byte, i) => bytes[257 + i] === byte)) return "a tar archive (written before PyTorch 0.4)";
  return undefined;
}

function gitLfsPointer(text: string): string {
  const size = /^size (\d{1,16})$/m.exec(text)?.[1];
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const expected = [size && `${size} bytes`, sha256 && `sha256 ${sha256}`].filter(Boolean).join(", ");
  return `a Git LFS pointer, not the file itself${expected && ` (expected ${expected})`}: fetch it with git lfs`;
}

/** Whether the first bytes are those of a JSON object, which is what servers send as an error. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, LOOK_BYTES)).trimStart();
  return /^\{\s*["}]/.test(text);
}
