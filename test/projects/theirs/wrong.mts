import { pipeline as theirs } from "@huggingface/transformers";
import { withFallback } from "deberta-webgpu/transformers-js";

const pipeline = withFallback(theirs);
await pipeline("sentiment");
