// The service worker: the page's own files from the network, else from its cache; the content security policy on each of
// them, so that pages and workers are bound by it on hosts that send no header. Models are not its business: the package
// keeps them.
import policies from "./policy.json";

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface ServiceWorkerScope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: ExtendableEvent & MessageEvent<string[]>) => void): void;
}
declare const self: ServiceWorkerScope;

const CACHE = "playground";

const isOurs = (address: string): boolean => {
  const { origin, pathname } = new URL(address);
  return origin === location.origin && !pathname.includes("/models/");
};

function withPolicy(answer: Response, address: string): Response {
  const headers = new Headers(answer.headers);
  const file = new URL(address).pathname.split("/").at(-1)!;
  headers.set("Content-Security-Policy", file.startsWith("hub") ? policies.hub : policies.index);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(request, fresh.clone());
    return withPolicy(fresh, request.url);
  } catch (offline) {
    const kept = await cache.match(request);
    if (!kept) throw offline;
    return withPolicy(kept, request.url);
  }
}

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && !request.headers.has("range") && isOurs(request.url))
    event.respondWith(answer(request));
});
/** What a page loaded before this worker was there to see it. */
async function keep(addresses: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const address of addresses.filter(isOurs)) if (!(await cache.match(address))) await cache.add(address);
}
self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));
