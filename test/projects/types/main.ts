import {
  DebertaV2ForSequenceClassification,
  type GLiNER2Model,
  GLiNERModel,
  type LoadOptions,
  type NvidiaClassifier,
  pipeline,
} from "deberta-webgpu";
import { openWeights } from "deberta-webgpu/checkpoint";
import { Graph } from "deberta-webgpu/runtime";
import { DebertaV2TokenizerFast } from "deberta-webgpu/tokenizer";
import { createWorker } from "deberta-webgpu/worker";
import "deberta-webgpu/worker-thread";

export async function use(device: GPUDevice): Promise<string> {
  const options: LoadOptions = { device };
  const classify = await pipeline("text-classification", "/m/", options);
  const [best] = await classify("a text");
  const tensors = await openWeights("/m/");
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained("/m/");
  createWorker().terminate();
  return [best?.label, tensors.size, tokenizer.vocabSize, new Graph()].join();
}

// @ts-expect-error a number is no device: the GPU's names are known, not `any`
export const wrong: LoadOptions = { device: 5 };

/** Where a task has models of several kinds, `instanceof` tells them apart. */
export async function kinds(): Promise<[GLiNERModel | GLiNER2Model, NvidiaClassifier | undefined]> {
  const { model } = await pipeline("entity-extraction", "/m/");
  const found: GLiNERModel | GLiNER2Model = model;
  if (model instanceof GLiNERModel) {
    const narrowed: GLiNERModel = model;
    // @ts-expect-error it is not the other kind
    const other: GLiNER2Model = model;
    void [narrowed, other];
  }
  const classifier = (await pipeline("text-classification", "/m/")).model;
  return [found, classifier instanceof DebertaV2ForSequenceClassification ? undefined : classifier];
}
