// The checkpoint reader as a page imports it: the entry and the modules that it loads when they are met.
import { build, type Rolldown } from "vite";

export async function checkpointBundle(): Promise<readonly Rolldown.OutputChunk[]> {
  const lib = { entry: "src/checkpoint.ts", formats: ["es" as const], fileName: "checkpoint" };
  const output = await build({ configFile: false, logLevel: "error", build: { write: false, minify: false, lib } });
  return (output as Rolldown.RolldownOutput[])[0]!.output.filter((part) => part.type === "chunk");
}
