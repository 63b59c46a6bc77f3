import { expect, test } from "vitest";
import { UnsupportedError } from "../../src/errors.js";
import { ACTIVATIONS } from "../../src/kernels/activation.js";
import { ACTIVATION_NAMES, activationOf } from "../../src/model/deberta/activations.js";
import { activate, erf } from "../../src/self-test/reference/activations.js";

test("every function of the kernels has a name in config.json, and every name a function", () => {
  const reached = new Set(ACTIVATION_NAMES.map((name) => activationOf(name, "hidden_act")));
  expect([...reached].sort()).toEqual([...ACTIVATIONS].sort());
});

test("the spellings of one function mean the same", () => {
  const kinds = (names: string[]): string[] => [...new Set(names.map((name) => activationOf(name, "hidden_act")))];
  expect(kinds(["gelu", "gelu_python"])).toEqual(["gelu"]);
  expect(kinds(["gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate", "gelu_python_tanh"])).toEqual([
    "geluTanh",
  ]);
  expect(kinds(["silu", "swish"])).toEqual(["silu"]);
});

test.each(["foo", "", "GELU", "prelu", "xielu", "constructor", "__proto__", "toString"])(
  "%j is refused with the field and what would be right",
  (name) => {
    expect(() => activationOf(name, "conv_act")).toThrow(UnsupportedError);
    expect(() => activationOf(name, "conv_act")).toThrow(
      `config.json: conv_act ${JSON.stringify(name)} is not supported (gelu, `,
    );
  },
);

test("the float64 twins have the values known from elsewhere", () => {
  expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15);
  expect(erf(-2)).toBeCloseTo(-0.9953222650189527, 15);
  expect(erf(4)).toBeCloseTo(0.9999999845827421, 15);
  expect([1, 2, 3].map((x) => activate("gelu", x).toFixed(6))).toEqual(["0.841345", "1.954500", "2.995950"]);
  expect(activate("gelu10", 20)).toBe(10);
  expect(activate("geluTanh", 1)).toBeCloseTo(0.8411919906, 9);
  expect(activate("mish", 1)).toBeCloseTo(0.8650983882, 9);
  expect(activate("laplace", 0.707107)).toBe(0.5);
  expect([-2, 3, 7].map((x) => activate("relu6", x))).toEqual([0, 3, 6]);
  expect([-3, 3].map((x) => activate("leakyRelu", x))).toEqual([-0.03, 3]);
  expect([-3, 3].map((x) => activate("relu2", x))).toEqual([0, 9]);
  expect([-4, -1, 1, 4].map((x) => activate("hardSwish", x).toFixed(6))).toEqual([
    "0.000000",
    "-0.333333",
    "0.666667",
    "4.000000",
  ]);
  expect([-20, 0, 9].map((x) => activate("sqrtSoftplus", x).toExponential(5))).toEqual([
    "4.53999e-5",
    "8.32555e-1",
    "3.00002e+0",
  ]);
});

test("gelu and its tanh form are up to 4.1e-4 apart, as Transformers' are", () => {
  const gaps = Array.from({ length: 1201 }, (_, i) => (i - 600) / 100).map((x) =>
    Math.abs(activate("gelu", x) - activate("geluTanh", x)),
  );
  expect(Math.max(...gaps)).toBeGreaterThan(4.0e-4);
  expect(Math.max(...gaps)).toBeLessThan(4.8e-4);
});
