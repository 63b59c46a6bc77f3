// A clock for tests of retries: waits are noted and over at once; the stall timer runs, shortened.
import { systemClock, type Clock } from "../../src/checkpoint/retry.js";

const STALL = 30_000;

/** A clock without chance whose waits take no time, except that a stall of 30 s is noticed after `stall` milliseconds. */
export function testClock(stall = 1000): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    wait: (milliseconds, signal) => {
      if (milliseconds === STALL) return systemClock.wait(stall, signal);
      waits.push(milliseconds);
      return Promise.resolve();
    },
    random: () => 1,
  };
}
