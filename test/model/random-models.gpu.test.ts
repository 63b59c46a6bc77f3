// Seeded random configs: engine against interpreter, value by value, on every capability set in turn.
import { expect, test } from "vitest";
import { expectSameGraph } from "../reference/interpret.js";
import { withPlan } from "../../src/runtime/with-plan.js";
import { capabilitySets, checked } from "../support/gpu.js";
import { randomModel } from "./random-models.js";

const SEEDS = __LONG__ ? 2000 : 24;
const sets = await capabilitySets();

/** Small random models amplify rounding where a LayerNorm meets a row of nearly equal values. */
const TOLERANCE = 2e-4;
/** Rows of one or two numbers can cancel nearly to zero; f32 rounds them as it rounds their terms. */
const FLOOR = 0.05;

test.each(sets.map(({ name }, index) => [name, index] as const))("random models: %s", async (_, first) => {
  const { device } = sets[first]!;
  const wrong: string[] = [];
  for (let seed = first; seed < SEEDS; seed += sets.length) {
    const model = randomModel(seed, device.capabilities);
    try {
      await checked(device, () =>
        withPlan(device, model.graph, model.residents, (plan) =>
          expectSameGraph(plan, model.graph, model.inputs, model.residents, {
            tolerance: TOLERANCE,
            floor: FLOOR,
          }),
        ),
      );
    } catch (error) {
      wrong.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)} (${model.summary})`);
    }
  }
  expect(wrong).toEqual([]);
});
