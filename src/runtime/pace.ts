// How fast a device works, and with that where a long run is cut into submits. A submit of unbounded length freezes the page
// (and often the desktop), cannot be aborted, and is answered by some drivers with a reset of the device.

/** Milliseconds of one submit, about; of a single dispatch at most; and how many submits may wait on the device. */
const SUBMIT = 50;
const DISPATCH = 250;
const IN_FLIGHT = 2;

/** Flops per millisecond to begin with: a slow integrated GPU. The first submits of a faster one correct it. */
const FIRST_RATE = 50e6;

/** Shorter measurements say more about the way to the device than about its work: they may raise the rate, not lower it. */
const TELLING = 20;

export class Pace {
  private rate: number = FIRST_RATE;
  private flying: Promise<unknown>[] = [];
  private lastDone = 0;

  /** Flops of one submit. */
  get submitFlops(): number {
    return this.rate * SUBMIT;
  }

  /** Flops that no single dispatch should exceed: a power of two, so that it does not change with every measurement. */
  get dispatchFlops(): number {
    return 2 ** Math.floor(Math.log2(this.rate * DISPATCH));
  }

  /** Waits until one more submit may go. */
  async turn(): Promise<void> {
    while (this.flying.length >= IN_FLIGHT) await this.flying[0];
  }

  /** Notes a submit and when it is done, which tells the rate. */
  submitted(flops: number, done: Promise<unknown>): Promise<void> {
    const start = performance.now();
    const noted = done.then(
      () => {
        const now = performance.now();
        this.measure(flops, now - Math.max(start, this.lastDone));
        this.lastDone = now;
      },
      () => undefined, // a lost device is noticed where its results are awaited
    );
    const ended = noted.then(() => void this.flying.splice(this.flying.indexOf(ended), 1));
    this.flying.push(ended);
    return ended;
  }

  private measure(flops: number, milliseconds: number): void {
    const measured = flops / Math.max(milliseconds, 0.1);
    // At most twice as much: where the page was busy, the news of two submits come at once and the second seems to have cost nothing.
    if (measured > this.rate) this.rate = Math.min(measured, 2 * this.rate);
    else if (milliseconds >= TELLING) this.rate = (this.rate + measured) / 2;
  }
}
