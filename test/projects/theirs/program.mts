import { pipeline as theirs } from "@huggingface/transformers";
import { withFallback } from "deberta-webgpu/transformers-js";

const pipeline: typeof theirs = withFallback(theirs);
const classify = await pipeline("text-classification", "owner/name", { dtype: "q8", device: "webgpu" });
const found = await classify("a text", { top_k: 2 });
const labels: string[] = found.flat().map(({ label, score }) => `${label} ${score.toFixed(2)}`);
const extract = await pipeline("feature-extraction", "owner/name");
const { dims } = await extract(["a text"], { pooling: "mean", normalize: true });
console.log(labels, dims.length);
await classify.dispose();
