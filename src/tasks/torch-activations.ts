// Activations that configs name by their path in torch, as sentence-transformers writes them. On the host: what they act on is one
// row a text, or one score.

export type ScalarFunction = (x: number) => number;

const sigmoid: ScalarFunction = (x) => 1 / (1 + Math.exp(-x));

const ACTIVATIONS: Readonly<Record<string, ScalarFunction>> = {
  Identity: (x) => x,
  Sigmoid: sigmoid,
  Tanh: Math.tanh,
  ReLU: (x) => Math.max(0, x),
  GELU: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  SiLU: (x) => x * sigmoid(x),
};

/** The names that are known, for messages. */
export const TORCH_ACTIVATIONS: readonly string[] = Object.keys(ACTIVATIONS);

/** The function of a path such as "torch.nn.modules.activation.Tanh"; undefined for those that are not torch's or not known. */
export function torchActivation(path: string): ScalarFunction | undefined {
  const [library, ...rest] = path.split(".");
  const name = rest.at(-1) ?? "";
  return library === "torch" && Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
}

/** By its series near 0, else by the continued fraction of 1 − erf; to 1e-13. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= -(z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}
