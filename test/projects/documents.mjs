// The code of README and docs, as files: a block that stands below `<!-- file: name -->` is that file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../../tools/setup.mjs";

/** Map from the names that a document gives to its code blocks to their text. */
export function filesIn(document) {
  const text = readFileSync(join(ROOT, document), "utf8");
  return new Map(
    [...text.matchAll(/<!-- file: (\S+) -->\s+```\w+\n(.*?)\n```/gs)].map(([, name, code]) => [name, code]),
  );
}

/** Writes the blocks that are named <prefix>/... into a folder. Throws when there is none. */
export function writeFiles(document, prefix, folder) {
  const files = [...filesIn(document)].filter(([name]) => name.startsWith(`${prefix}/`));
  if (files.length === 0) throw new Error(`${document} has no file ${prefix}/...`);
  for (const [name, code] of files) {
    const path = join(folder, name.slice(prefix.length + 1));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${code}\n`);
  }
}
