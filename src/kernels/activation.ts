// Activation functions as WGSL snippets: each defines `activate(x: vec4f) -> vec4f`.
// Names stand for distinct functions; which Transformers names mean which is the model's affair.

/** The activation functions that kernels can apply in their epilogues. */
export type Activation = keyof typeof BODIES;

// Abramowitz and Stegun 7.1.26: 1 − erf(|x|) to 1.5e-7. Taking the tail instead of erf keeps gelu exact for large x.
const ERFC = `
fn erfcOfAbs(x: vec4f) -> vec4f {
  let z = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return series * exp(-min(z * z, vec4f(80.0)));
}`;

// Built-in tanh is NaN for large arguments on several adapters (gpuweb issue 4458) and only good to 1e-5 by specification.
const TANH = `
fn safeTanh(x: vec4f) -> vec4f {
  let z = min(abs(x), vec4f(15.0));
  return sign(x) * (1.0 - 2.0 / (exp(2.0 * z) + 1.0));
}`;

const SIGMOID = `
fn sigmoid(x: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}`;

const GELU = `
fn gelu(x: vec4f) -> vec4f {
  let tail = 0.5 * x * erfcOfAbs(x * 0.70710678);
  return select(x - tail, tail, x < vec4f(0.0));
}`;

const BODIES = {
  linear: `fn activate(x: vec4f) -> vec4f { return x; }`,
  gelu: `${ERFC}${GELU}
fn activate(x: vec4f) -> vec4f { return gelu(x); }`,
  gelu10: `${ERFC}${GELU}
fn activate(x: vec4f) -> vec4f { return clamp(gelu(x), vec4f(-10.0), vec4f(10.0)); }`,
  geluTanh: `${TANH}
fn activate(x: vec4f) -> vec4f { return 0.5 * x * (1.0 + safeTanh(0.7978845608 * (x + 0.044715 * x * x * x))); }`,
  quickGelu: `${SIGMOID}
fn activate(x: vec4f) -> vec4f { return x * sigmoid(1.702 * x); }`,
  relu: `fn activate(x: vec4f) -> vec4f { return max(x, vec4f(0.0)); }`,
  relu2: `fn activate(x: vec4f) -> vec4f { let y = max(x, vec4f(0.0)); return y * y; }`,
  relu6: `fn activate(x: vec4f) -> vec4f { return clamp(x, vec4f(0.0), vec4f(6.0)); }`,
  leakyRelu: `fn activate(x: vec4f) -> vec4f { return max(x, 0.01 * x); }`,
  silu: `${SIGMOID}
fn activate(x: vec4f) -> vec4f { return x * sigmoid(x); }`,
  // x · tanh(log(1 + eˣ)) = x · n / (n + 2) with n = eˣ (eˣ + 2); above 20 the fraction is 1 in f32.
  mish: `fn activate(x: vec4f) -> vec4f {
  let e = exp(min(x, vec4f(20.0)));
  let n = e * (e + 2.0);
  return x * n / (n + 2.0);
}`,
  hardSwish: `fn activate(x: vec4f) -> vec4f { return x * clamp(x / 6.0 + 0.5, vec4f(0.0), vec4f(1.0)); }`,
  // √log(1 + eˣ) = √(max(x, 0) + log(1 + e)) with e = e^−|x|; of small e by its series, which 1 + e would round away.
  sqrtSoftplus: `fn activate(x: vec4f) -> vec4f {
  let e = exp(-min(abs(x), vec4f(80.0)));
  let tail = select(log(1.0 + e), e * (1.0 - e * (0.5 - e / 3.0)), e < vec4f(0.01));
  return sqrt(max(x, vec4f(0.0)) + tail);
}`,
  tanh: `${TANH}
fn activate(x: vec4f) -> vec4f { return safeTanh(x); }`,
  sigmoid: `${SIGMOID}
fn activate(x: vec4f) -> vec4f { return sigmoid(x); }`,
  // ½ (1 + erf((x − μ) / (σ √2))) with μ = √½ and σ = √(1 / 4π).
  laplace: `${ERFC}
fn activate(x: vec4f) -> vec4f {
  let z = (x - 0.707107) / (0.282095 * 1.41421356);
  let tail = 0.5 * erfcOfAbs(z);
  return select(1.0 - tail, tail, z < vec4f(0.0));
}`,
};

/** WGSL that defines `activate`. */
export function activationSource(activation: Activation): string {
  return BODIES[activation];
}

/** Every activation, for tests. */
export const ACTIVATIONS: readonly Activation[] = Object.keys(BODIES) as Activation[];
