// planMatmul: what it chooses for which device, and that every choice fits into what every device has.
import { describe, expect, test } from "vitest";
import { planMatmul, planText } from "../../src/kernels/matmul/plan.js";
import { matmulAs } from "../../src/kernels/matmul.js";
import { f32 } from "../../src/kernels/kernel.js";
import { PLANNED_SHAPES } from "../../src/self-test/cases/matmul.js";
import { GPU_PLANS, PLANNED_DEVICES } from "./plans.js";

test("the plans of every device", () => {
  const lines = Object.entries(PLANNED_DEVICES).map(([name, device]) => {
    const runs: { plan: string; shapes: string[] }[] = [];
    for (const shape of PLANNED_SHAPES) {
      const plan = planText(planMatmul(shape, device));
      const known = runs.find((run) => run.plan === plan);
      const { rows, inner, columns, weights } = shape;
      const text = `${rows}×${inner}×${columns}${weights ? ` in ${weights}` : ""}`;
      if (known) known.shapes.push(text);
      else runs.push({ plan, shapes: [text] });
    }
    return `${name}\n${runs.map(({ plan, shapes }) => `  ${plan}: ${shapes.join(" ")}`).join("\n")}`;
  });
  expect(lines.join("\n")).toMatchSnapshot();
});

describe.each(GPU_PLANS.map((plan) => [planText(plan), plan] as const))("%s", (_, plan) => {
  const { shader } = matmulAs(plan).dispatch(
    [f32(65, 80), f32(80, 132), f32(132)],
    {},
    PLANNED_DEVICES["a GPU without a name"]!,
  );

  test("fits into the default limits: 256 threads, 16 KiB of workgroup memory", () => {
    expect(plan.threads[0] * plan.threads[1] * plan.parts).toBeLessThanOrEqual(256);
    const memory = /var<workgroup> memory: array<vec4f, (\d+)>/.exec(shader.text);
    expect(16 * Number(memory?.[1] ?? 0)).toBeLessThanOrEqual(16384);
    expect([...shader.text.matchAll(/var<workgroup>/g)].length).toBeLessThanOrEqual(1);
  });

  test("cuts a tile's groups evenly among the parts", () => {
    if (plan.body === "shared") expect(plan.groups % plan.parts).toBe(0);
  });
});

test("tiles and threads never shrink the work below the product: a grid covers every result", () => {
  for (const device of Object.values(PLANNED_DEVICES)) {
    for (const { rows, inner, columns } of PLANNED_SHAPES) {
      const plan = planMatmul({ rows, inner, columns }, device);
      const { workgroups } = matmulAs(plan).dispatch([f32(rows, inner), f32(inner, columns), f32(columns)], {}, device);
      expect(workgroups[0] * plan.threads[0] * plan.vectors * 4).toBeGreaterThanOrEqual(columns);
      expect(workgroups[1] * plan.threads[1] * plan.rows).toBeGreaterThanOrEqual(rows);
      expect(Math.max(...workgroups)).toBeLessThanOrEqual(65535);
    }
  }
});
