// Firefox sees that the GPU has finished only when a timer of 100 ms looks (POLL_TIME_MS in dom/webgpu/ipc/WebGPUParent.cpp;
// bug 1870699, https://bugzilla.mozilla.org/show_bug.cgi?id=1870699), so every wait takes up to that long. A submit makes it look
// at once: while something waits, an empty one is sent every few milliseconds.
// `npm run bench -- --firefox waits`, Firefox 153 on a software GPU, medians of 40: a wait takes 59 ms by the timer (17 a second) and 1 ms,
// the clock's resolution, with it; a model of one layer answers 217 times a second.
// To be deleted when that bug is fixed in the oldest Firefox that is supported.

/** Milliseconds between two looks: timers are rounded up to 4; more submits than that only fill the way to the GPU process. */
const INTERVAL = 4;

/** Whether this browser needs it. */
export const pollsByTimer = (): boolean =>
  typeof navigator !== "undefined" &&
  typeof navigator.userAgent === "string" &&
  navigator.userAgent.includes("Firefox/");

/** Sends empty submits as long as `isWaiting`. */
export function pollWhile(gpu: GPUDevice, isWaiting: () => boolean): void {
  if (!isWaiting()) return;
  gpu.queue.submit([]);
  setTimeout(() => pollWhile(gpu, isWaiting), INTERVAL);
}
