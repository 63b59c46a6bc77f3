import { expect, test } from "vitest";
import { loadTogether, type TaskTokenizer } from "../../src/tasks/task.js";
import { tokenClassification } from "../../src/tasks/token-classification.js";

const tokenizer: TaskTokenizer = { modelMaxLength: Infinity, encodeBatch: () => [] };

/** A load that ends when told, or with the signal's reason. */
function pending<T>(signal: AbortSignal): Promise<T> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

test("the failure of one part stops the other and is what the caller gets", async () => {
  const reason = new Error("no tokenizer here");
  const loading = loadTogether(
    (signal) => pending<never>(signal),
    () => Promise.reject(reason),
  );
  await expect(loading).rejects.toBe(reason);
});

test("a model that is already there is freed when the tokenizer fails", async () => {
  let freed = 0;
  const model = {
    dispose: () => {
      freed++;
    },
  };
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), 5));
  await expect(
    loadTogether(
      () => Promise.resolve(model),
      () => late,
    ),
  ).rejects.toThrow("late");
  expect(freed).toBe(1);
});

test("an abort rejects with the caller's own reason", async () => {
  const abort = new AbortController();
  const loading = loadTogether(
    (signal) => pending<never>(signal),
    () => Promise.resolve(tokenizer),
    abort.signal,
  );
  const reason = { mine: true };
  abort.abort(reason);
  await expect(loading).rejects.toBe(reason);
});

test("token classification of no text is refused, as by Transformers", async () => {
  const model = {
    config: { id2label: new Map([[0, "O"]]) },
    forward: () => Promise.reject(new Error("ran")),
    dispose() {},
  };
  const mark = tokenClassification({ model, tokenizer } as never);
  await expect(mark([])).rejects.toThrow(RangeError);
});
