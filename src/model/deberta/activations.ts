// From the activation names that config.json may hold (Transformers' ACT2FN) to the distinct functions behind them.
// The functions themselves are WGSL snippets of the kernels.
import { UnsupportedError } from "../../errors.js";
import type { Activation } from "../../kernels/activation.js";

export type { Activation };

// gelu_10 alone is its own function: Transformers clips it to ±10. A Map, so that "constructor" finds nothing.
const BY_NAME: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ["gelu", "gelu"],
  ["gelu_python", "gelu"],
  ["gelu_10", "gelu10"],
  ["gelu_new", "geluTanh"],
  ["gelu_fast", "geluTanh"],
  ["gelu_pytorch_tanh", "geluTanh"],
  ["gelu_accurate", "geluTanh"],
  ["gelu_python_tanh", "geluTanh"],
  ["quick_gelu", "quickGelu"],
  ["relu", "relu"],
  ["relu2", "relu2"],
  ["relu6", "relu6"],
  ["leaky_relu", "leakyRelu"],
  ["hardswish", "hardSwish"], // this and the next since Transformers 5
  ["sqrtsoftplus", "sqrtSoftplus"],
  ["silu", "silu"],
  ["swish", "silu"],
  ["mish", "mish"],
  ["tanh", "tanh"],
  ["sigmoid", "sigmoid"],
  ["linear", "linear"],
  ["laplace", "laplace"],
]);

/** The names that `activationOf` knows, in Transformers' spelling. */
export const ACTIVATION_NAMES: readonly string[] = [...BY_NAME.keys()];

/**
 * The function that a name of Transformers stands for.
 * @param field the field of config.json that holds the name, for the message
 * @throws UnsupportedError for a name that is unknown or whose function has weights of its own (prelu, xielu)
 */
export function activationOf(name: string, field: string): Activation {
  const activation = BY_NAME.get(name);
  if (activation) return activation;
  const known = ACTIVATION_NAMES.join(", ");
  throw new UnsupportedError(`config.json: ${field} ${JSON.stringify(name)} is not supported (${known} are)`);
}
