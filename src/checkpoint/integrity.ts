// SHA-256 of bytes as they come by. WebCrypto has no streaming digest and wants a secure page; this library has and does not.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { CheckpointError } from "../errors.js";

/** A running SHA-256. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Ends it. */
  base64(): string;
  /** Ends it, too. */
  hex(): string;
  /** @throws CheckpointError when the bytes so far do not hash to what was promised */
  check(name: string, expected: string): void;
}

/** Starts a SHA-256. */
export function startSha256(): Digest {
  const hash = sha256.create();
  const base64 = (): string => btoa(String.fromCharCode(...hash.digest()));
  return {
    update: (bytes) => void hash.update(bytes),
    base64,
    hex: () => bytesToHex(hash.digest()),
    check: (name, expected) => {
      const got = base64();
      if (got !== expected)
        throw new CheckpointError(`${name}: integrity says sha256-${expected}, the bytes give sha256-${got}`, {
          reason: "mismatch",
        });
    },
  };
}
