// Callers' listeners: as with events, one that throws is told loudly, and what it listens to goes on.

/** Calls a listener; what it throws becomes an uncaught error of the page. */
export function notify<Args extends readonly unknown[]>(
  listener: ((...args: Args) => void) | undefined,
  ...args: Args
): void {
  try {
    listener?.(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
