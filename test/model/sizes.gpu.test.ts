// The layer of v2-xlarge and v2-xxlarge (D 1536, 24 heads, F 6144, conv 3) against float64, and the plan of the whole 1.5B model.
import { expect, test } from "vitest";
import { elements } from "../../src/kernels/kernel.js";
import { packBatch } from "../../src/model/run/attention-tables.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { debertaGraph } from "../../src/model/deberta/deberta.js";
import { slotTable } from "../../src/model/deberta/relative-position.js";
import { describe as describePlan } from "../../src/runtime/dispatches.js";
import { expectSameGraph } from "../reference/interpret.js";
import { withPlan } from "../../src/runtime/with-plan.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { randomValues } from "../support/random.js";

const device = await sharedDevice();

function graphOf(layers: number, tokens: number) {
  const config = new DebertaV2Config({
    model_type: "deberta-v2",
    vocab_size: 128100,
    num_hidden_layers: layers,
    relative_attention: true,
    position_buckets: 256,
    pos_att_type: "p2c|c2p",
    share_att_key: true,
    norm_rel_ebd: "layer_norm",
    position_biased_input: false,
    conv_kernel_size: 3,
    conv_act: "gelu",
  });
  const slots = slotTable(config);
  const { shape, tables } = packBatch([{ source: 0, from: 0, length: tokens }], undefined, device.capabilities, {
    heads: config.numAttentionHeads,
    slots: config.relativeSlots,
    gatherFrom: 512,
    scoreBytes: 2 ** 26,
  });
  const outputs = { hiddenStates: false, attentions: false, statesOnly: false };
  const { graph } = debertaGraph(config, { kind: "none" }, { shape, reach: slots.reach, ...outputs });
  return { graph, tables, slots };
}

test("one layer of v2-xlarge with its conv layer", async () => {
  const { graph, tables, slots } = graphOf(1, 15);
  const residents = Object.fromEntries(
    graph.residents.map(({ name, type }, seed) => [
      name,
      name === "slots" ? slots.table : randomValues(elements(type), seed + 1, type.shape.length > 1 ? 0.04 : 0.5),
    ]),
  );
  const [embeddings] = graph.inputs.filter(({ name }) => name === "embeddings");
  const inputs = { ...tables, embeddings: randomValues(elements(embeddings!.type), 99) };
  await checked(device, () =>
    // 6144 terms a sum: f32 keeps them to some 1e-6 of their magnitude, which two LayerNorms hand on.
    withPlan(device, graph, residents, (plan) => expectSameGraph(plan, graph, inputs, residents, { tolerance: 5e-5 })),
  );
});

test("the plan of v2-xxlarge at 512 tokens says what it takes", () => {
  const { graph } = graphOf(48, 512);
  const last = describePlan(graph, device.capabilities).split("\n").at(-1)!;
  console.log(`v2-xxlarge, 512 tokens: ${last}`);
  const [, dispatches, slots, planned, unplanned] =
    /^(\d+) dispatches · (\d+) slots ([\d.]+) MB \(([\d.]+) MB unplanned\)/.exec(last) ?? [];
  expect(Number(dispatches)).toBeLessThanOrEqual(48 * 9 + 4);
  expect(Number(slots)).toBeLessThanOrEqual(12);
  expect(Number(planned)).toBeLessThan(Number(unplanned) / 20);
});
