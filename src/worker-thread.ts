// The script of a worker that holds tasks: src/worker.ts starts it, or a worker of the page's own imports it. It leaves
// messages that are not its own alone.
import { pipeline } from "./tasks/pipeline.js";
import { serve, type Load } from "./worker/serve.js";

serve(globalThis, pipeline as unknown as Load);
