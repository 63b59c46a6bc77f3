// Runs a task while its input changes: waits for a pause in typing, aborts the run before, drops late answers, and keeps
// the last result until the next one is there. Nothing in here knows this playground: copy it into a React project.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface TaskState<Result> {
  /** The newest result, possibly of an earlier input. */
  readonly result?: Result;
  readonly error?: unknown;
  /** Whether a run is awaited: `result` or `error` belongs to an earlier input. */
  readonly pending: boolean;
  /** Whether the run of this input was stopped: `result` belongs to an earlier input and stays. */
  readonly stopped: boolean;
  /** Runs at once. */
  readonly runNow: () => void;
  /** Aborts the awaited run. */
  readonly stop: () => void;
}

const PAUSE = 200; // ms without a key before a run starts
const LONGEST_PAUSE = 2000;

/** `run` must be the same function as long as nothing but the input changes; undefined while it is not ready. */
export function useTask<Input, Result>(
  run: ((input: Input, signal: AbortSignal) => Promise<Result>) | undefined,
  input: Input,
): TaskState<Result> {
  const [done, setDone] = useState<{ run: unknown; input: unknown; result?: Result; error?: unknown }>();
  const [asked, ask] = useState(0); // counts runNow
  const [stoppedAt, setStoppedAt] = useState<{ run: unknown; input: unknown; asked: number }>();
  const late = done?.run !== run || done?.input !== input;
  const stopped =
    late && stoppedAt !== undefined && stoppedAt.run === run && stoppedAt.input === input && stoppedAt.asked === asked;
  const lastRun = useRef<{ run: unknown; asked: number; milliseconds: number }>({
    run: undefined,
    asked,
    milliseconds: 0,
  });

  useEffect(() => {
    if (!run || stopped) return;
    const { current: last } = lastRun;
    // A device that takes long gets a longer pause, so that runs do not pile up; a new model or runNow gets none.
    const pause =
      last.run !== run || last.asked !== asked ? 0 : Math.min(Math.max(PAUSE, last.milliseconds), LONGEST_PAUSE);
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const started = performance.now();
      const finish = (outcome: { result: Result } | { error: unknown }): void => {
        if (controller.signal.aborted) return;
        lastRun.current = { run, asked, milliseconds: performance.now() - started };
        setDone({ run, input, ...outcome });
      };
      run(input, controller.signal).then(
        (result) => finish({ result }),
        (error: unknown) => finish({ error }),
      );
    }, pause);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [run, input, asked, stopped]);

  const runNow = useCallback(() => ask((count) => count + 1), []);
  const stop = useCallback(() => setStoppedAt({ run, input, asked }), [run, input, asked]);
  return { ...(done?.run === run ? done : {}), pending: late && !stopped, stopped, runNow, stop };
}
