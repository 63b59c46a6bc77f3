// The recipe of docs/react.md, whose files lie beside this one while the test runs, in the page and in a worker.
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { pipeline } from "deberta-webgpu";
import { pipeline as pipelineInWorker } from "deberta-webgpu/worker";
import { Classifier } from "./classifier.jsx";
import { usePipeline } from "./use-pipeline.js";

const TEXT = "wake me up at half past six tomorrow";

/** Shows the recipe's component with a text typed into it, and hands on what it says. */
function Probe({ load, onAnswer }) {
  const { run } = usePipeline(load, "text-classification", "./models/tiny-intent/");
  useEffect(() => {
    if (run)
      run(TEXT).then(
        ([best]) => onAnswer(best.label),
        (error) => (document.title = `Error ${error.message}`),
      );
  }, [run, onAnswer]);
  return null;
}

const answers = {};
const tell = (place) => (label) => {
  answers[place] = label;
  if (answers.page && answers.worker) document.title = JSON.stringify(answers);
};
const tellPage = tell("page");
const tellWorker = tell("worker");

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Classifier model="./models/tiny-intent/" />
    <Probe load={pipeline} onAnswer={tellPage} />
    <Probe load={pipelineInWorker} onAnswer={tellWorker} />
  </StrictMode>,
);
