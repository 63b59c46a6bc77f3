// The corpus as one file a kind under test/fixtures/hostile: a line of JSON for each case, its bytes deflated.
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Case } from "./made/case.js";
import type { Kind } from "./kinds.js";

interface Line {
  readonly name: string;
  readonly expect: Case["expect"];
  readonly files: Readonly<Record<string, string>>;
}

export function pack(cases: readonly Case[]): string {
  const lines = cases.map(({ name, expect, files }): Line => {
    const packed = [...files].map(([file, bytes]) => [file, deflateRawSync(bytes, { level: 9 }).toString("base64")]);
    return { name, expect, files: Object.fromEntries(packed) as Line["files"] };
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

export function unpack(kind: Kind, text: string): Case[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const { name, expect, files } = JSON.parse(line) as Line;
    const bytes = Object.entries(files).map(
      ([file, packed]) => [file, new Uint8Array(inflateRawSync(Buffer.from(packed, "base64")))] as const,
    );
    return { kind, name, expect, files: new Map(bytes) };
  });
}
