// The conv layer of v2-xlarge and v2-xxlarge (nGiE): a convolution over neighbouring tokens of the embedding output, added
// to the first layer's output. Masked tokens are zero neighbours, like the space outside the sequence.
import { conv1d, maskedConv1d } from "../../kernels/conv1d.js";
import { f32, padded, u32 } from "../../kernels/kernel.js";
import type { Value } from "../../runtime/graph.js";
import { activationOf } from "./activations.js";
import type { Builder } from "./layers.js";
import type { EncoderContext } from "./shape.js";
import { plainAxis } from "./sizes.js";

/** LayerNorm(first + act(conv(embedded))), masked: all [T, D]. */
export function convLayer(b: Builder, embedded: Value, first: Value, { shape, keepRows }: EncoderContext): Value {
  const { convKernelSize: taps, convGroups: groups, convAct, hiddenSize: D } = b.config;
  const channels = plainAxis(D);
  const weight = b.resident("deberta.encoder.conv.conv.weight", f32(taps * padded(D, 4), padded(D, 4)), [
    {
      tensor: "deberta.encoder.conv.conv.weight",
      shape: [D, D / groups, taps],
      layout: { kind: "conv", taps, groups },
      input: channels,
      output: channels,
      scale: 1,
      from: 0,
    },
  ]);
  const bias = b.vector("deberta.encoder.conv.conv.bias", D);
  const bounds = b.graph.input("bounds", u32(shape.rows, 2));
  const attrs = { taps, activation: activationOf(convAct, "conv_act") };
  return b.graph.scope("encoder.conv", () => {
    const convolved = keepRows
      ? b.graph.add("conv", maskedConv1d, [embedded, weight, bias, bounds, keepRows], attrs)
      : b.graph.add("conv", conv1d, [embedded, weight, bias, bounds], attrs);
    return b.layerNorm("norm", convolved, "deberta.encoder.conv.LayerNorm", { residual: first, keepRows });
  });
}
