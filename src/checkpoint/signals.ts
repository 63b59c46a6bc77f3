// Abort signals: waiting no longer than one says, and joining two.

/** Waits for work, but no longer than until the signal aborts; then it rejects with the signal's own reason. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let stop = (): void => undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
  });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const first = await Promise.race([work, aborted]);
    signal.throwIfAborted();
    return first as T;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** One signal for two; undefined when there is none. */
export function eitherSignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a && b && a !== b ? AbortSignal.any([a, b]) : (a ?? b);
}
