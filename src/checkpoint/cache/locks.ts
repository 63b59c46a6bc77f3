// Web Locks, held for as long as something is in use: between tabs, workers, and loads in one page.

/** A lock that is held. */
export interface Held {
  letGo(): void;
  /** Whether another took it away. */
  readonly isLost: boolean;
}

/** Takes a lock; undefined when `ifAvailable` is asked for and another holds it. */
export function takeLock(name: string, options: LockOptions = {}): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const held = { letGo: (): void => undefined, isLost: false };
    navigator.locks
      .request(`deberta-webgpu ${name}`, options, (lock) => {
        if (!lock) {
          resolve(undefined);
          return undefined;
        }
        return new Promise<void>((letGo) => {
          held.letGo = letGo;
          resolve(held);
        });
      })
      .catch((error: unknown) => {
        held.isLost = true;
        reject(error instanceof Error ? error : new Error(String(error))); // of no effect where it was held
      });
  });
}

/** Does work while holding a lock; waits for it. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const held = await takeLock(name);
  try {
    return await work();
  } finally {
    held?.letGo();
  }
}
