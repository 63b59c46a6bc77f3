// The service worker: the page's own files from the network, else from its cache; the content security policy on each of
// them, so that pages and workers are bound by it on hosts that send no header. Models are not its business: the package
// keeps them.
import policies from "./policy.json";

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
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

const OURS = "playground ";
/** Each build has its own: what an older one kept goes when this one takes over. */
const CACHE = OURS + __BUILD__;

const isOurs = (address: string): boolean => {
  const { origin, pathname } = new URL(address);
  return origin === location.origin && !pathname.includes("/models/");
};

/** A policy's name begins the names of its files. */
const policyOf = (file: string): string =>
  Object.entries(policies).find(([name]) => file.startsWith(name))?.[1] ?? policies.index;

function withPolicy(answer: Response, address: string): Response {
  const file = new URL(address).pathname.split("/").at(-1)!;
  // A redirect that the browser is to follow itself, and answers without a body, cannot be made anew.
  if (answer.type === "opaqueredirect" || answer.type === "error") return answer;
  const headers = new Headers(answer.headers);
  headers.set("Content-Security-Policy", policyOf(file));
  const body = [204, 205, 304].includes(answer.status) ? null : answer.body;
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers });
}

async function answer(event: FetchEvent): Promise<Response> {
  const { request } = event;
  let fresh: Response;
  try {
    fresh = await fetch(request);
  } catch (offline) {
    const kept = await caches.match(request, { ignoreVary: true }).catch(() => undefined);
    if (!kept) throw offline;
    return withPolicy(kept, request.url);
  }
  // A full disk, or an answer that no cache takes, is no reason not to answer.
  if (fresh.ok && fresh.type === "basic" && !fresh.redirected)
    event.waitUntil(keepAnswer(request, fresh.clone()).catch(() => undefined));
  return withPolicy(fresh, request.url);
}

async function keepAnswer(request: Request | string, response: Response): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.put(request, response);
}

/** What a page loaded before this worker was there to see it. */
async function keep(addresses: readonly string[]): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const address of addresses.filter(isOurs))
    if (!(await cache.match(address))) await cache.add(address).catch(() => undefined);
}

async function dropOldBuilds(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== CACHE).map((name) => caches.delete(name)));
}

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) =>
  event.waitUntil(Promise.all([self.clients.claim(), dropOldBuilds().catch(() => undefined)])),
);
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isFile = (request.method === "GET" || request.method === "HEAD") && !request.headers.has("range");
  if (isFile && isOurs(request.url)) event.respondWith(answer(event));
});
self.addEventListener("message", (event) => event.waitUntil(keep(event.data).catch(() => undefined)));
