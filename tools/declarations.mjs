// The last step of the build: declarations that TypeScript 5.4 reads. Before 5.7 typed arrays took no type argument.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./setup.mjs";

const folder = join(ROOT, "dist/types");
for (const name of readdirSync(folder, { recursive: true })) {
  if (!name.endsWith(".d.ts")) continue;
  const file = join(folder, name);
  const text = readFileSync(file, "utf8");
  const plain = text.replaceAll(/\b(\w+Array)<ArrayBuffer>/g, "$1");
  if (plain !== text) writeFileSync(file, plain);
}
