// The LSTM's recurrence on the host: both engines against the kernel's float64 twin, and the WebAssembly against its source.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Recurrence } from "../../src/model/extraction/recurrence.js";
import { f32, u32 } from "../../src/kernels/kernel.js";
import { EXTRACTION_TWINS } from "../../src/self-test/reference/extraction-ops.js";
import type { Twin } from "../../src/self-test/reference/twin.js";
import type { LstmAttrs } from "../../src/kernels/lstm.js";
import { randomValues } from "../support/random.js";
// @ts-expect-error plain JavaScript
import { assembled, MADE } from "../../tools/wat.mjs";

test.each([4, 12, 64])("%i units: texts of no, one and many words", (H) => {
  const lengths = [1, 13, 0, 5];
  const rows = lengths.reduce((a, b) => a + b) + 2;
  let first = 0;
  const texts = Uint32Array.from(lengths.flatMap((count) => [(first += count) - count, count]));
  const gates = randomValues(rows * 8 * H, 1, 2);
  const weight = randomValues(8 * H * H, 2, 1.5 / Math.sqrt(H));
  const bias = randomValues(8 * H, 3);
  const twin = new Float64Array((rows + lengths.length) * 2 * H);
  const value = (data: ArrayLike<number>, type: ReturnType<typeof f32>) => ({ type, data: Float64Array.from(data) });
  (EXTRACTION_TWINS["lstm"] as Twin<LstmAttrs>)(
    {
      gates: value(gates, f32(rows, 8 * H)),
      weight: value(weight, f32(H, 8 * H)),
      bias: value(bias, f32(8 * H)),
      texts: value(texts, u32(lengths.length, 2)),
    },
    { hidden: H, steps: [0, 13] },
    twin,
  );
  const recurrence = new Recurrence({ weight, bias }, H);
  for (const engine of ["wasm", "js"] as const) {
    const states = recurrence.run(gates, texts, engine);
    expect(states).toHaveLength(rows * 2 * H);
    for (let at = 0; at < 2 * H * first; at++) expect(Math.abs(states[at]! - twin[at]!)).toBeLessThan(2e-6);
    expect(states.subarray(2 * H * first).every((rest) => rest === 0)).toBe(true);
  }
});

test("without WebAssembly long texts are computed all the same", () => {
  const H = 4;
  const weights = { weight: randomValues(8 * H * H, 2), bias: randomValues(8 * H, 3) };
  const gates = randomValues(9 * 8 * H, 1);
  const wanted = new Recurrence(weights, H).run(gates, Uint32Array.of(0, 9), "js");
  const { Module } = WebAssembly;
  Reflect.set(WebAssembly, "Module", () => {
    throw new WebAssembly.CompileError("Refused to compile or instantiate WebAssembly module");
  });
  try {
    expect(new Recurrence(weights, H).run(gates, Uint32Array.of(0, 9), "wasm")).toEqual(wanted);
  } finally {
    Reflect.set(WebAssembly, "Module", Module);
  }
});

test("recurrence-wasm.ts is what wabt makes of recurrence.wat", async () => {
  expect(readFileSync(MADE as string, "utf8")).toBe(await (assembled as () => Promise<string>)());
});
