// `node tools/wat.mjs`: assembles src/model/extraction/recurrence.wat with wabt into recurrence-wasm.ts, which is committed, so that
// builds and bundlers meet TypeScript alone. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import wabt from "wabt";

const FOLDER = fileURLToPath(new URL("../src/model/extraction/", import.meta.url));
export const MADE = `${FOLDER}recurrence-wasm.ts`;

/** The text of recurrence-wasm.ts. */
export async function assembled() {
  const { parseWat } = await wabt();
  const { buffer } = parseWat("recurrence.wat", readFileSync(`${FOLDER}recurrence.wat`, "utf8"), {
    simd: true,
  }).toBinary({});
  const base64 = Buffer.from(buffer).toString("base64");
  const lines = base64.match(/.{1,110}/g).map((line) => `  "${line}"`);
  return `// Made from recurrence.wat by tools/wat.mjs: do not edit.\n\n/** The module in base64. */\nexport const RECURRENCE: string =\n${lines.join(" +\n")};\n`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(MADE, await assembled());
