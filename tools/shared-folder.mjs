// Where the golden data, hostile files and trained models lie: beside a developer's checkout, absent in an outsider's clone.
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** Absolute path of the shared folder, or undefined. `DEBERTA_SHARED` overrides. */
export function sharedFolder() {
  const path = process.env["DEBERTA_SHARED"] ?? resolve(import.meta.dirname, "../../shared");
  return existsSync(path) ? path : undefined;
}
