// `npm start`: sets the project up, builds library and playground, serves the playground on this machine only.
// Options: --port N (else 4173, or a free port when that is taken).
import { parseArgs } from "node:util";
import { runMain, setUp } from "./setup.mjs";
import { buildAll } from "./run.mjs";
import { serve } from "./serve.mjs";

const DEFAULT_PORT = 4173;

async function serveSomewhere(port) {
  if (port !== undefined) return serve({ port: Number(port) });
  try {
    return await serve({ port: DEFAULT_PORT });
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    return serve({ port: 0 });
  }
}

runMain(async () => {
  const { values } = parseArgs({ options: { port: { type: "string" } } });
  setUp();
  console.log("Building the library and the playground ...");
  const { code, output } = await buildAll();
  if (code !== 0) throw new Error(`The build failed:\n${output}`);
  const { url } = await serveSomewhere(values.port);
  console.log(`Playground: ${url}/   (Ctrl+C stops it; it needs a browser with WebGPU)`);
});
