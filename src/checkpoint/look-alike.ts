// What a file looks like by its first bytes. Servers send login pages, error objects and Git LFS pointers where weights
// should be; a message that says so spares the reader a hunt through a parser's complaint.

/** How many first bytes are enough. */
export const LOOK_BYTES = 512;

const startsWith = (bytes: Uint8Array, ...magic: readonly number[]): boolean =>
  bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);

const textOf = (bytes: Uint8Array): string =>
  new TextDecoder("latin1").decode(bytes.subarray(0, LOOK_BYTES)).trimStart();

/** Names what no file of a model may be, e.g. "an HTML page"; undefined when nothing is recognised. */
export function looksLike(bytes: Uint8Array): string | undefined {
  const text = textOf(bytes);
  if (/^(?:<!doctype\s+html|<html|<head|<body)/i.test(text)) return "an HTML page";
  if (/^<\?xml/i.test(text)) return "an XML document";
  if (text.startsWith("version https://git-lfs.github.com/spec/v1")) return gitLfsPointer(text);
  if (/^entry not found\b/i.test(text)) return "a server's error text";
  if (startsWith(bytes, 0x1f, 0x8b)) return "a gzip file";
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)) return "a PNG picture";
  return undefined;
}

/** The containers that are read. */
export type WeightsKind = "safetensors" | "a PyTorch file" | "an HDF5 file";

/**
 * Names the kind of a file that should hold weights: "safetensors", "a PyTorch file", "an HDF5 file" or what it is instead.
 * A safetensors file begins with its header's length, so these bytes may look like something else by chance: it goes first.
 */
export function looksLikeWeights(bytes: Uint8Array): string | undefined {
  if (isSafetensors(bytes)) return "safetensors";
  if (startsWith(bytes, 0x50, 0x4b, 0x03, 0x04)) return "a PyTorch file"; // a zip archive
  if (startsWith(bytes, 0x80) && bytes[1]! >= 2 && bytes[1]! <= 5) return "a PyTorch file"; // pickles, before 1.6
  if (startsWith(bytes, 0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)) return "an HDF5 file";
  if (startsWith(bytes.subarray(257), 0x75, 0x73, 0x74, 0x61, 0x72))
    return "a tar archive (written before PyTorch 0.4)";
  if (/^\{\s*["}]/.test(textOf(bytes))) return "a JSON object";
  return looksLike(bytes);
}

/** A length below 2³², then the brace of the header; spaces may precede it. */
function isSafetensors(bytes: Uint8Array): boolean {
  return startsWith(bytes.subarray(4), 0, 0, 0, 0) && textOf(bytes.subarray(8)).startsWith("{");
}

function gitLfsPointer(text: string): string {
  const size = /^size (\d{1,16})$/m.exec(text)?.[1];
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const expected = [size && `${size} bytes`, sha256 && `sha256 ${sha256}`].filter(Boolean).join(", ");
  return `a Git LFS pointer, not the file itself${expected && ` (expected ${expected})`}`;
}
