// Runs that take turns, because they share buffers. A turn lasts until a run's work is submitted; its results arrive while the
// next run is prepared. Knows nothing of models.
import { systemClock } from "../../checkpoint/retry.js";

export class Queue {
  private tail: Promise<unknown> = Promise.resolve();
  /** Runs that have not settled. */
  private readonly open = new Set<Promise<unknown>>();
  private added = 0;

  /**
   * Calls `turn` after all turns before it; `results` may settle later. On abort the caller's promise rejects at once, and the
   * turn ends by itself.
   */
  add<T>(turn: () => Promise<{ readonly results: Promise<T> }>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    this.added++;
    const started = this.tail.then(turn);
    this.tail = started.catch(() => undefined);
    const result = started.then(({ results }) => results);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        this.open.delete(settled);
      });
    this.open.add(settled);
    if (!signal) return result;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  get isIdle(): boolean {
    return this.open.size === 0;
  }

  /** Resolves with true once no run was under way for so long, with false once the signal aborts. */
  async quiet(milliseconds: number, signal: AbortSignal): Promise<boolean> {
    for (let before = -1; !signal.aborted && !(this.isIdle && this.added === before);) {
      before = this.added;
      await systemClock.wait(milliseconds, signal);
    }
    return !signal.aborted;
  }

  /** Settles when every run that was added until now has, well or not. */
  async ended(): Promise<void> {
    await Promise.all(this.open);
  }
}
