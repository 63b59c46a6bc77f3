// Runs before every test file: what vite.config.ts knows about this run, as the two constants of test/env.d.ts.
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    hasShared: boolean;
    long: boolean;
  }
}

Object.assign(globalThis, { __HAS_SHARED__: inject("hasShared"), __LONG__: inject("long") });
