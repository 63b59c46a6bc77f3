// From WGSL text to bindings and parameters, and what is refused on the way.
import { expect, test } from "vitest";
import { reflect, shader } from "../../src/kernels/shader.js";

const BODY = `// sum: y = a + b
struct Params { rows: u32, shift: i32,
  eps: f32, // comments may stand anywhere: @group(9)
}
@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2)
var<storage,read> b : array<f32>;
@group(0)@binding(1) var<storage> a: array<Entry>;
@group(1) @binding(0) var<uniform> params: Params;
`;

test("names, order, access, element types and Params", () => {
  expect(reflect("sum.wgsl", BODY)).toEqual({
    bindings: [
      { name: "y", index: 0, access: "read_write", type: "array<vec4f>" },
      { name: "a", index: 1, access: "read", type: "array<Entry>" },
      { name: "b", index: 2, access: "read", type: "array<f32>" },
    ],
    params: [
      { name: "rows", type: "u32" },
      { name: "shift", type: "i32" },
      { name: "eps", type: "f32" },
    ],
  });
});

const without = (line: RegExp, instead = ""): string => BODY.replace(line, instead);

test.each([
  ["a gap in the bindings", without(/@group\(0\)@binding\(1\).*\n/), "binding 1 is missing or twice"],
  ["one binding twice", without(/@binding\(2\)/, "@binding(1)"), "binding 2 is missing or twice"],
  ["a storage buffer in another group", without(/@group\(0\)@/, "@group(1)@"), "a is not in group 0"],
  ["a uniform that is not Params", without(/params: Params/, "params: Other"), "uniform params is not Params"],
  [
    "a uniform elsewhere",
    without(/@group\(1\) @binding\(0\)/, "@group(1) @binding(1)"),
    "uniform params is not Params",
  ],
  ["Params that nothing binds", without(/@group\(1\).*\n/), "Params and its uniform belong together"],
  ["a uniform without Params", without(/struct Params/, "struct Others"), "Params and its uniform belong together"],
  ["a vector in Params", without(/rows: u32/, "rows: vec2u"), 'Params field "rows: vec2u" is not a four-byte scalar'],
  [
    "a texture",
    `${BODY}@group(0) @binding(3) var t: texture_2d<f32>;`,
    "a binding is written in a form that is not read",
  ],
  [
    "attributes in another order",
    `${BODY}@binding(3) @group(0) var<storage> c: array<f32>;`,
    "a binding is written in a form that is not read",
  ],
])("refuses %s", (_, text, message) => {
  expect(() => reflect("sum.wgsl", text)).toThrow(`sum.wgsl: ${message}`);
});

test("lines keep their numbers: extensions go on the first line, everything else after the body", () => {
  const { text, label } = shader(BODY, {
    file: "sum.wgsl",
    enable: ["subgroups", "f16"],
    constants: { ROWS: 8, LANES: 4 },
    functions: ["fn one() -> f32 { return 1.0; }"],
  });
  const lines = BODY.split("\n");
  expect(text.split("\n").slice(1, lines.length)).toEqual(lines.slice(1));
  expect(text.split("\n")[0]).toBe(`enable subgroups; enable f16; ${lines[0]}`);
  expect(text.slice(text.indexOf(BODY.slice(-20)) + 20)).toBe(
    "\nconst ROWS = 8u;\nconst LANES = 4u;\nfn one() -> f32 { return 1.0; }\n",
  );
  expect(label).toBe("subgroups f16 ROWS 8 LANES 4");
});

test("equal variants are one shader, different ones are not", () => {
  const variant = { file: "sum.wgsl", constants: { ROWS: 8 } };
  expect(shader(BODY, { ...variant })).toBe(shader(BODY, variant));
  expect(shader(BODY, { ...variant, constants: { ROWS: 4 } })).not.toBe(shader(BODY, variant));
});
