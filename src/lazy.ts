// Parts that most pages do not need are imported when they are asked for. Service workers forbid that.
import { UnsupportedError } from "./errors.js";

/**
 * @param load imports the part; with the whole call in its own file, so that bundlers see it
 * @throws UnsupportedError in a service worker
 */
export async function lazily<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    if (!("ServiceWorkerGlobalScope" in globalThis)) throw cause;
    throw new UnsupportedError(
      'this needs a part that is imported when it is asked for, which browsers forbid in service workers: import from "deberta-webgpu/service-worker" there, one script with all parts',
      { cause },
    );
  }
}
