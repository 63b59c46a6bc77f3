// Several heads of one checkpoint on a real device: one encoder, whatever happens to the other. All cases are in
// shared-weights.test.ts.
import { expect, test } from "vitest";
import { DebertaV2ForSequenceClassification, DebertaV2Model, type Folder, type LoadOptions } from "../../src/index.js";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { filesOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";
import { checked, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();

const WIDE = { ...MINIATURE, hidden_size: 96, intermediate_size: 384 };
const files = filesOf(makeCheckpoint(WIDE, "pooled"));

/** Files that are the same objects however often they are opened. */
function keptFolder(): Folder {
  const sources = new Map([...files].map(([name, bytes]) => [name, bytesFromMemory(bytes)]));
  return { open: (name) => Promise.resolve(sources.get(name)) };
}

const options: LoadOptions = { device: device.gpu };
const INPUTS = { inputIds: [[1, 5, 6, 7, 2]] };
const classifierOf = (source: Folder, more: LoadOptions = {}) =>
  DebertaV2ForSequenceClassification.fromPretrained(source, { ...options, ...more });
const encoderOf = (source: Folder, more: LoadOptions = {}) =>
  DebertaV2Model.fromPretrained(source, { ...options, ...more });
const held = () => device.totals().bytes;

test("two heads hold the encoder once, side by side and one after the other", () =>
  checked(device, async () => {
    const folder = keptFolder();
    const nothing = held();
    const first = await classifierOf(folder);
    const one = held() - nothing;
    const logits = await first.forward(INPUTS);
    const before = held();
    const second = await encoderOf(folder);
    expect(held() - before).toBeLessThan(0.05 * one);
    const states = await second.forward(INPUTS);
    const both = await Promise.all([first.forward(INPUTS), second.forward(INPUTS)]);
    expect(both).toEqual([logits, states]);
    await first.dispose();
    expect(await second.forward(INPUTS)).toEqual(states);
    await second.dispose();
    const alone = await encoderOf(folder);
    expect(await alone.forward(INPUTS)).toEqual(states);
    await alone.dispose();
    expect(held()).toBe(nothing);
  }));

test("weights in another type are other weights: vectors alone are shared", () =>
  checked(device, async () => {
    const folder = keptFolder();
    const packed = await classifierOf(folder, { dtype: "q8" });
    const eight = await packed.forward(INPUTS);
    await packed.dispose();
    const [plain, again] = [await classifierOf(folder), await classifierOf(folder, { dtype: "q8" })];
    const { shared, weights } = again.memory();
    expect(shared.gpuBytes).toBeLessThan(0.3 * weights);
    expect(plain.memory().shared.gpuBytes).toBe(shared.gpuBytes);
    expect(await again.forward(INPUTS)).toEqual(eight);
    await Promise.all([plain.dispose(), again.dispose()]);
  }));
