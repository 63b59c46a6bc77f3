// Weights of the TensorFlow twins (tf_model.h5): how their paths read in Transformers' spelling, and which lie the other way
// round. Dense kernels are [in, out], torch's weights [out, in]; convolution kernels are [taps, in, out], torch's [out, in, taps];
// of a convolution in groups `in` counts the inputs of one.

/** Where a weight's own name begins in its path: behind the layer's and the model's names. */
const START =
  /(?:^|\/)(?=deberta\/(?:embeddings|encoder)\/|cls\/predictions\/|pooler\/dense\/|(?:classifier|qa_outputs)\/(?:kernel|bias):0$)/g;

/** The last component of a path, for what it is in torch. */
const LAST: Readonly<Record<string, string>> = {
  "kernel:0": "weight",
  "gamma:0": "weight",
  "embeddings:0": "weight",
  "weight:0": "weight",
  "bias:0": "bias",
  "beta:0": "bias",
};

/** A path in a TF checkpoint in Transformers' spelling; undefined for what is no weight of DeBERTa-v2, or a copy of one. */
export function fromTensorFlow(path: string): string | undefined {
  if (!path.endsWith(":0")) return undefined;
  const start = [...path.matchAll(START)].at(-1);
  if (!start) return undefined;
  const own = path.slice(start.index + start[0].length);
  if (path.startsWith("cls/") && !own.startsWith("cls/")) return undefined; // a copy of the embeddings beside the head
  const parts = own.replace("rel_embeddings.weight:0", "rel_embeddings/weight:0").split("/");
  const last = LAST[parts.pop()!];
  if (last === undefined) return undefined;
  const name = parts.join(".").replace(/\blayer_\._(\d+)/, "layer.$1");
  return `${name.replace(/\.pos_proj$/, ".pos_key_proj").replace(/\.pos_q_proj$/, ".pos_query_proj")}.${last}`;
}

/** A tensor, by its name and shape in the file. */
interface Named {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Whether a tensor's axes are in the reverse of torch's order. */
export function isReversed({ name, shape }: Named): boolean {
  return name.endsWith("/kernel:0") && shape.length > 1;
}

/** The shape that torch would give the tensor. */
export function torchShape(entry: Named): readonly number[] {
  return isReversed(entry) ? [...entry.shape].reverse() : entry.shape;
}
