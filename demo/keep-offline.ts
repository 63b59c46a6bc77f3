// Registers the service worker, which keeps the page's own files for offline use and repeats the content security policy
// on every answer, for hosts that send no such header.
import { trusted } from "./trusted.js";

export async function keepOffline(): Promise<void> {
  // Absent in private windows of some browsers, and over plain http.
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(trusted("sw"));
  const { active } = await navigator.serviceWorker.ready;
  const keep = (addresses: string[]): void => active?.postMessage(addresses);
  keep([location.href.replace(/#.*/s, "")]);
  new PerformanceObserver((loaded) => keep(loaded.getEntries().map(({ name }) => name))).observe({
    type: "resource",
    buffered: true,
  });
}
