// A page's listeners that throw: it hears of each as an uncaught error, and load, runs and self-test go on.
import { afterEach, expect, test, vi } from "vitest";
import { DebertaV2ForSequenceClassification, type DebertaV2PreTrainedModel } from "../../src/index.js";
import { Pace } from "../../src/runtime/pace.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { ComputingGpu } from "../support/computing-gpu.js";

const broken = (): never => {
  throw new Error("a listener's own mistake");
};

/** What would be uncaught errors. */
function uncaught(): unknown[] {
  const errors: unknown[] = [];
  const later = globalThis.queueMicrotask;
  vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) =>
    later(() => {
      try {
        task();
      } catch (error) {
        errors.push(error);
      }
    }),
  );
  return errors;
}
afterEach(() => void vi.restoreAllMocks());

const load = (onProgress?: () => void): Promise<DebertaV2PreTrainedModel> =>
  DebertaV2ForSequenceClassification.fromPretrained(madeFolder(MINIATURE, "pooled"), {
    device: new ComputingGpu() as unknown as GPUDevice,
    ...(onProgress ? { onProgress } : {}),
  });

test("of a load", async () => {
  const errors = uncaught();
  const told = vi.fn(broken);
  const model = await load(told);
  await model.dispose();
  expect(told.mock.calls.length).toBeGreaterThan(2);
  expect(errors.length).toBe(told.mock.calls.length);
  expect(errors[0]).toEqual(new Error("a listener's own mistake"));
});

test("of a call, between its parts and its submits", async () => {
  const errors = uncaught();
  const model = await load();
  const inputIds = [
    [1, 5, 6, 2],
    [1, 7, 2],
  ];
  vi.spyOn(Pace.prototype, "submitFlops", "get").mockReturnValue(1000);
  vi.spyOn(Pace.prototype, "dispatchFlops", "get").mockReturnValue(1);
  const told = vi.fn(broken);
  const quiet = await model.forward({ inputIds });
  expect(await model.forward({ inputIds }, { onProgress: told })).toEqual(quiet);
  await model.dispose();
  expect(told.mock.calls.length).toBeGreaterThan(10);
  expect(errors.length).toBe(told.mock.calls.length);
});
