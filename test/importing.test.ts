// Importing an entry of the package is free: nothing is asked of the GPU or the network, nothing is added to globals or prototypes,
// nobody listens to anything.
import { afterEach, expect, test, vi } from "vitest";

const SHARED = [globalThis, Object, Array, Function, Promise, Map, Uint8Array].flatMap((each) => [
  each,
  (each as { readonly prototype?: object }).prototype ?? {},
]);
const keysOf = (): string[][] => SHARED.map((each) => Reflect.ownKeys(each).map(String));

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each(["index", "runtime", "checkpoint", "tokenizer", "worker", "transformers-js"])("%s", async (entry) => {
  const touched: string[] = [];
  const watched = (what: string) => (): never => {
    touched.push(what);
    throw new Error(what);
  };
  const navigator = new Proxy({}, { get: (_, name) => watched(`navigator.${String(name)}`)() });
  for (const name of ["fetch", "Worker", "addEventListener", "setInterval"]) vi.stubGlobal(name, watched(name));
  vi.stubGlobal("navigator", navigator);
  const before = keysOf();
  vi.resetModules();
  const module = (await import(`../src/${entry}.ts`)) as object;
  expect(Object.keys(module).length).toBeGreaterThan(0);
  expect(touched).toEqual([]);
  expect(keysOf()).toEqual(before);
});
