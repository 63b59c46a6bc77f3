import { pipeline } from "./node_modules/deberta-webgpu/dist/index.js";
import { pipeline as pipelineInWorker } from "./node_modules/deberta-webgpu/dist/worker.js";
import { report } from "./report.js";

const model = "./models/tiny-intent/";

report({
  page: () => pipeline("text-classification", model),
  worker: () => pipelineInWorker("text-classification", model),
});
