// fuse_layers: a gate weighs the states after each layer by their means over the text, and their sum takes the place of the
// last states. One weight per text and layer.
import { u32 } from "../../kernels/kernel.js";
import { matmul } from "../../kernels/matmul.js";
import { poolRows } from "../../kernels/pool-rows.js";
import { addScaledRows, scaleRows } from "../../kernels/scale-rows.js";
import type { Value } from "../../runtime/graph.js";
import type { Builder } from "../deberta/layers.js";
import { plainAxis } from "../deberta/sizes.js";

const PREFIX = "token_rep_layer.bert_layer.layers_fuser";

/**
 * The states after each layer [T, D] → [T, D].
 * @param texts B, sequences of the run: inputs `sequences` [B, 2] and `rowSequences` [T] say where they lie
 */
export function fusedLayers(b: Builder, layers: readonly Value[], texts: number, inner: number): Value {
  const { graph } = b;
  const [T] = layers[0]!.type.shape as [number, number];
  const hidden = plainAxis(b.config.hiddenSize);
  const count = layers.length;
  return graph.scope("fuse", () => {
    const squeeze = b.linears(`${PREFIX}.squeeze`, [
      { prefix: `${PREFIX}.squeeze`, input: hidden, output: plainAxis(1) },
    ]);
    const sequences = graph.input("sequences", u32(texts, 2));
    // The mean of a linear layer is the layer of the mean: each layer fills one column of four, three of them zero.
    let means: Value | undefined;
    layers.forEach((states, layer) => {
      const mean = graph.add(`mean.${layer}`, poolRows, [states, sequences], { pooling: "mean" });
      const place = { width: 4 * count, from: 4 * layer };
      means = graph.add(`squeeze.${layer}`, matmul, [mean, squeeze.weight, squeeze.bias], { place }, means);
    });
    const each = { size: count, group: 1, padded: 4 };
    const first = { prefix: `${PREFIX}.W1`, input: each, output: plainAxis(inner) };
    const narrow = b.linear("W1", means!, first, { activation: "relu" });
    const second = { prefix: `${PREFIX}.W2`, input: plainAxis(inner), output: plainAxis(count) };
    const gates = b.linear("W2", narrow, second, { activation: "sigmoid" }); // [B, layers]
    const groups = graph.input("rowSequences", u32(T));
    const sum = layers.reduce<Value | undefined>(
      (before, states, column) =>
        before
          ? graph.add(`sum.${column}`, addScaledRows, [states, gates, groups, before], { column })
          : graph.add(`sum.${column}`, scaleRows, [states, gates, groups], { column }),
      undefined,
    )!;
    return b.linear("output", sum, { prefix: `${PREFIX}.output_projection`, input: hidden, output: hidden });
  });
}
