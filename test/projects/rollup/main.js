import { pipeline } from "deberta-webgpu";
import { pipeline as pipelineInWorker } from "deberta-webgpu/worker";
import { report } from "./report.js";

const model = "./models/tiny-intent/";
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" }); // an entry of its own

report({
  page: () => pipeline("text-classification", model),
  worker: () => pipelineInWorker("text-classification", model, { worker }),
});
