// A source on the web: which address it names, and how its server is talked to.
import { quote } from "../errors.js";
import type { Server } from "./http.js";
import { SOURCE_HELP, type Place, type PlaceContext } from "./source.js";
import { openUrl } from "./url-source.js";

/** A base URL or a hub id. */
export function webPlace(source: string | URL, { options, digests, clock }: PlaceContext): Place {
  const base = baseOf(source, options.revision ?? "main");
  const headers = new Headers(options.headers);
  if (options.token !== undefined) headers.set("Authorization", `Bearer ${options.token}`);
  const send = options.fetch ?? fetch;
  const server: Server = {
    fetch: (...request) => send(...request),
    headers,
    clock,
    signal: options.signal,
    holding: new Set(),
  };
  return {
    location: base.href,
    isRemote: true,
    open: (name) =>
      openUrl(name, base.href + name.split("/").map(encodeURIComponent).join("/"), server, digests.get(name)),
    close: () => [...server.holding].forEach((file) => file.close()),
  };
}

function baseOf(source: string | URL, revision: string): URL {
  const text = String(source);
  const hub = /^([\w-][\w.-]*)\/([\w-][\w.-]*)$/.exec(text);
  if (hub) return new URL(`https://huggingface.co/${text}/resolve/${encodeURIComponent(revision)}/`);
  const isRelative = /^\.{0,2}\//.test(text);
  const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const base =
    (isRelative || isAbsolute) && URL.canParse(text, pageAddress()) ? new URL(text, pageAddress()) : undefined;
  if (!base?.pathname.endsWith("/")) throw new TypeError(`${quote(text)} is not a source; one is ${SOURCE_HELP}`);
  if (base.username || base.password) throw new TypeError("a source's URL has no password: pass `token` or `headers`");
  base.search = base.hash = "";
  return base;
}

/** What relative addresses count from: the page, or the worker's script; undefined in Node. */
function pageAddress(): string | undefined {
  const scope: Partial<Pick<Window, "document" | "location">> = globalThis;
  return scope.document?.baseURI ?? scope.location?.href;
}
