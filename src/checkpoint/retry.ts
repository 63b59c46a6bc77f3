// When a failed request is tried again, and after how long. Per byte range at most five attempts that bring nothing new;
// whatever makes progress goes on, so a load has no further budget of its own.
import { CheckpointError } from "../errors.js";
import { abortable } from "./signals.js";

/** Time and chance, replaced in tests so that they need not wait. */
export interface Clock {
  /** Resolves after that many milliseconds, or soon after the signal aborts. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** In [0, 1): full jitter, so that many pages do not come back at one moment. */
  random(): number;
}

/** The clock of the page. */
export const systemClock: Clock = {
  wait: (milliseconds, signal) =>
    new Promise((resolve) => {
      const stop = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, milliseconds);
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted) stop();
    }),
  random: () => Math.random(),
};

const MAX_ATTEMPTS = 5;
/** An attempt that brought this many new bytes counts as progress. */
const PROGRESS_BYTES = 64 * 1024;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8_000;
/** A server that asks for more patience than this is told no. */
const LONGEST_RETRY_AFTER = 60_000;
/** A body or an answer that brings nothing for so long has stalled. */
const STALL = 30_000;

interface TransientDetails {
  readonly cause?: unknown;
  readonly retryAfter?: number | undefined;
  readonly status?: number | undefined;
}

/** A failure that may pass: the network, a busy server, a body that ended early. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  /** Milliseconds the server asked to wait. */
  readonly retryAfter: number | undefined;
  /** What the server answered, if it did. */
  readonly status: number | undefined;
  constructor(message: string, { cause, retryAfter, status }: TransientDetails = {}) {
    super(message, { cause });
    this.retryAfter = retryAfter;
    this.status = status;
  }
}

/** Counts the attempts for one byte range of one file. */
export class Attempts {
  readonly #file: string;
  readonly #clock: Clock;
  #failures = 0;
  #fresh = 0;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** New bytes were handed on. */
  progress(bytes: number): void {
    this.#fresh += bytes;
  }

  /**
   * Waits before the next attempt.
   * @throws the error itself when trying again cannot help, CheckpointError after the last attempt, the signal's reason on abort
   */
  async failed(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    if (this.#fresh >= PROGRESS_BYTES) this.#failures = 0;
    this.#fresh = 0;
    this.#failures++;
    const { retryAfter } = error;
    if (retryAfter !== undefined && retryAfter > LONGEST_RETRY_AFTER) {
      throw new CheckpointError(
        `${this.#file}: ${error.message} and asks to wait ${Math.round(retryAfter / 1000)} s; try again later`,
        { cause: error, reason: "unreachable", status: error.status },
      );
    }
    if (this.#failures >= MAX_ATTEMPTS) {
      throw new CheckpointError(`${this.#file}: ${error.message}; given up after ${this.#failures} attempts`, {
        cause: error.cause ?? error,
        reason: "unreachable",
        status: error.status,
      });
    }
    const backOff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#failures - 1)) * this.#clock.random();
    await abortable(this.#clock.wait(retryAfter ?? backOff, signal), signal);
  }
}

/** Waits for work, but gives up with a TransientError when nothing happens for 30 s. */
export async function unlessStalled<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const done = new AbortController();
  try {
    return await Promise.race([
      work,
      clock.wait(STALL, done.signal).then(() => {
        throw new TransientError(`no byte came for ${STALL / 1000} s`);
      }),
    ]);
  } finally {
    done.abort();
  }
}

/** The Retry-After header in milliseconds, from seconds or a date; undefined when absent or unreadable. */
export function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const milliseconds = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
