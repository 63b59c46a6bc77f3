// Custom headers stay with the source's own origin, also when its server redirects. `fetch` itself drops only Authorization on
// the way to another origin; a page cannot see where a redirect leads before it has followed it.

/** As many as a browser follows is far more than any host of models needs. */
const MOST = 5;

/** A `fetch` that sends `headers` beside those of each request, to the origin of that request's address only. */
export function fetchWithOwnHeaders(send: typeof fetch, headers: Headers): typeof fetch {
  if ([...headers.keys()].length === 0) return send;
  return async (input, init) => {
    let url = input as string;
    const { origin } = new URL(url);
    for (let hops = 0; ; hops++) {
      const all = new Headers(init?.headers);
      const isOwn = new URL(url).origin === origin;
      if (isOwn) headers.forEach((value, name) => all.set(name, value));
      else all.delete("Authorization");
      const response = await send(url, { ...init, headers: all, redirect: isOwn ? "manual" : "follow" });
      // In a page: ask once more without them, and let the browser follow.
      if (response.type === "opaqueredirect") return send(url, init);
      const location = response.headers.get("Location");
      if (!isOwn || location === null || response.status < 300 || response.status > 399) return response;
      if (hops === MOST) throw new TypeError(`redirected more than ${MOST} times`);
      await response.body?.cancel();
      url = new URL(location, url).href;
    }
  };
}
