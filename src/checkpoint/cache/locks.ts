// Web Locks, held for as long as something is in use: between tabs, workers, and loads in one page.

/** Takes a lock; the function that it gives lets go. Undefined when `ifAvailable` is asked for and another holds it. */
export function takeLock(name: string, options: LockOptions = {}): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`deberta-webgpu ${name}`, options, (lock) => {
        if (!lock) return resolve(undefined);
        return new Promise<void>((letGo) => resolve(letGo));
      })
      .catch(reject);
  });
}

/** Does work while holding a lock; waits for it. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const letGo = await takeLock(name);
  try {
    return await work();
  } finally {
    letGo?.();
  }
}
