// Numbers as the playground prints them.

/** A share as per cent with one decimal; what would round to nothing is said so. */
export const percent = (share: number): string => (share < 0.001 ? "< 0.1 %" : `${(share * 100).toFixed(1)} %`);

export const milliseconds = (ms: number): string => (ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Decimal units, as file managers and model hubs count. */
export const bytes = (count: number): string =>
  count < 1e6
    ? `${(count / 1e3).toFixed(0)} kB`
    : count < 1e9
      ? `${(count / 1e6).toFixed(1)} MB`
      : `${(count / 1e9).toFixed(2)} GB`;

export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
