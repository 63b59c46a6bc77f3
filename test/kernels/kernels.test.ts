// What can be said of every kernel without a GPU: its shader's bindings are its operands, its parameters are all given,
// its grid covers the result, and what is appended to its .wgsl is what reviewers have seen.
import { describe, expect, test } from "vitest";
import * as exported from "../../src/kernels/index.js";
import type { Capabilities } from "../../src/kernels/kernel.js";
import { TWINS } from "../../src/self-test/reference/ops.js";
import { SAMPLES } from "./samples.js";

const base = {
  workgroupThreads: 256,
  bindingBytes: 2 ** 27,
  workgroupsPerDimension: 65535,
  vendor: "",
  architecture: "",
};

const DEVICES: Readonly<Record<string, Capabilities>> = {
  "processor, subgroups of 4": { ...base, subgroupSize: 4, software: true },
  "GPU, subgroups of 32": { ...base, subgroupSize: 32, software: false },
  "GPU, subgroups of 64 by request": { ...base, subgroupSize: 64, subgroupControl: true, software: false },
  "processor without subgroups": { ...base, subgroupSize: 0, software: true },
  "GPU without subgroups": { ...base, subgroupSize: 0, software: false },
};

const FILES = import.meta.glob<string>("../../src/kernels/**/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const bodies = Object.entries(FILES).map(([path, text]) => ({ file: path.replace(/.*\//, ""), text }));

test("every kernel of the index is among the samples, and has a float64 twin", () => {
  const kernels = Object.values<unknown>(exported).filter(
    (value): value is { name: string } => typeof value === "object" && value !== null && "operands" in value,
  );
  const sampled = new Set(SAMPLES.map(({ kernel }) => kernel.name));
  expect(kernels.map(({ name }) => name).filter((name) => !sampled.has(name))).toEqual([]);
  expect([...sampled].filter((name) => !(name in TWINS))).toEqual([]);
});

test("every .wgsl opens with a comment that names what it computes", () => {
  expect(bodies.length).toBeGreaterThan(8);
  for (const { file, text } of bodies) expect(text, file).toMatch(/^\/\/ /);
});

describe.each(Object.entries(DEVICES))("%s", (_, device) => {
  test.each(SAMPLES)("$name: bindings are the result and the operands, in order", ({ kernel, dispatch }) => {
    const { bindings } = dispatch(device).shader;
    expect(bindings[0]).toMatchObject({ index: 0, access: "read_write" });
    expect(bindings.slice(1).map(({ name }) => name)).toEqual(kernel.operands);
    expect(new Set(bindings.slice(1).map(({ access }) => access))).toEqual(new Set(["read"]));
    expect(bindings.length, "storage buffers that every device has").toBeLessThanOrEqual(8);
  });

  test.each(SAMPLES)("$name: every parameter of the shader is given, and no other", ({ dispatch }) => {
    const { shader, params } = dispatch(device);
    expect(Object.keys(params).sort()).toEqual(shader.params.map(({ name }) => name).sort());
    for (const { name, type } of shader.params) {
      expect(params[name], name).toSatisfy(Number.isFinite);
      if (type !== "f32") expect(params[name], name).toSatisfy(Number.isInteger);
    }
  });

  test("grids, and what is appended to the files", () => {
    const lines = SAMPLES.map(({ name, dispatch }) => {
      const { shader, workgroups, work } = dispatch(device);
      return `${name}: ${workgroups.join("×")} of ${shader.file} (${shader.label}), ${work.flops} flops, ${work.bytes} bytes`;
    });
    expect(lines).toMatchSnapshot();
  });
});

test.each(SAMPLES)("$name: what is appended to its .wgsl", ({ dispatch }) => {
  const { text } = dispatch({ ...base, subgroupSize: 4, software: true }).shader;
  const code = text.replace(/^(enable \w+; )*/, "");
  const body = bodies.find((candidate) => code.startsWith(candidate.text));
  expect(code.slice(body!.text.length)).toMatchSnapshot();
});
