// Registers the service worker, which keeps the page's own files for offline use and repeats the content security policy
// on every answer, for hosts that send no such header.

export async function keepOffline(): Promise<void> {
  // Absent in private windows of some browsers, and over plain http.
  if (!("serviceWorker" in navigator)) return;
  // The pages require trusted types: only this one address becomes a script.
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypePolicyFactory };
  const policy = trustedTypes?.createPolicy("playground", { createScriptURL: () => "./sw.js" });
  await navigator.serviceWorker.register((policy?.createScriptURL("") as string | undefined) ?? "./sw.js");
  const { active } = await navigator.serviceWorker.ready;
  const keep = (addresses: string[]): void => active?.postMessage(addresses);
  keep([location.href.replace(/#.*/, "")]);
  new PerformanceObserver((loaded) => keep(loaded.getEntries().map(({ name }) => name))).observe({
    type: "resource",
    buffered: true,
  });
}

interface TrustedTypePolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(input: string): string },
  ): { createScriptURL(input: string): unknown };
}
