import { pipeline } from "deberta-webgpu";
import { pipeline as pipelineInWorker } from "deberta-webgpu/worker";
import { report } from "./report.js";

const model = new URL(location.href).searchParams.get("model") ?? "./models/tiny-intent/";

report({
  page: () => pipeline("text-classification", model),
  worker: () => pipelineInWorker("text-classification", model),
});
