// Runs that wait for each other, because they share buffers. Knows nothing of models: work goes in, results come out in
// order; an aborted caller does not wait; after `close` nothing is taken, and what was taken has ended.
export class Queue {
  private tail: Promise<unknown> = Promise.resolve();
  private running = 0;

  /** Runs `work` after everything before it. The caller's promise rejects at once on abort; the work then ends by itself. */
  add<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    this.running++;
    const result = this.tail.then(work);
    const done = () => this.running--;
    this.tail = result.then(done, done);
    if (!signal) return result;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", abort, { once: true });
      result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  get isIdle(): boolean {
    return this.running === 0;
  }

  /** Settles when all work that was added until now has ended, well or not. */
  async ended(): Promise<void> {
    await this.tail;
  }
}
