// A source on the web: which address it names, and how its server is talked to.
import { CheckpointError, quote } from "../errors.js";
import type { Listing } from "./hub.js";
import type { Server } from "./http.js";
import { fetchWithOwnHeaders } from "./redirects.js";
import { SOURCE_HELP, type Place, type PlaceContext, type SourceOptions } from "./source.js";
import { openUrl } from "./url-source.js";

const HUB = "https://huggingface.co/";
/** A hub id. */
const HUB_ID = /^([\w-][\w.-]*)\/([\w-][\w.-]*)$/;

/** A base URL or a hub id. */
export function webPlace(source: string | URL, { options, digests, clock }: PlaceContext): Place {
  const base = baseOf(source, options.revision ?? "main");
  const server = serverOf(base, options, clock);
  const location = base.href.slice(0, base.href.length - base.search.length);
  const id = HUB_ID.test(String(source)) ? String(source) : undefined;
  const pinned = (commit: string): string => `${HUB}${id!}/resolve/${commit}/`;
  let listing: Promise<Listing | undefined> | undefined;
  const why = new Map<string, CheckpointError>();
  return {
    location,
    isRemote: true,
    open: async (name) => {
      if (id !== undefined)
        listing ??= import("./hub.js").then((hub) =>
          hub.readListing(`${HUB}api/models/${id}`, options.revision ?? "main", server),
        );
      const listed = await listing;
      const known = listed?.files.get(name);
      if (listed && !known) return undefined;
      const from = listed ? pinned(listed.commit) : location;
      const url = from + name.split("/").map(encodeURIComponent).join("/") + base.search;
      const file = await openUrl(name, url, server, { sha256: digests.get(name), size: known?.size });
      if (!(file instanceof CheckpointError)) return file;
      why.set(name, file);
      return undefined;
    },
    whyMissing: (name) => why.get(name),
    close: () => [...server.holding].forEach((file) => file.close()),
  };
}

function serverOf(
  base: URL,
  { token, headers: given, fetch: send = fetch, signal }: SourceOptions,
  clock: Server["clock"],
): Server {
  if ((token !== undefined || given) && base.protocol === "http:" && !isThisMachine(base.hostname))
    throw new TypeError(
      `token and headers are not sent to ${base.origin}: over plain http everybody on the way could read them`,
    );
  const headers = new Headers();
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  const own = fetchWithOwnHeaders((...request) => send(...request), new Headers(given));
  return { fetch: own, headers, clock, signal, holding: new Set() };
}

const isThisMachine = (host: string): boolean => /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(host);

function baseOf(source: string | URL, revision: string): URL {
  const text = String(source);
  if (HUB_ID.test(text)) return new URL(`${HUB}${text}/resolve/${encodeURIComponent(checkRevision(revision))}/`);
  // Two slashes, also with a backslash for one or a line break between them, would name another host.
  const isRelative = /^(?:\.{1,2}\/|\/(?![/\\]))/.test(text) && !/[\t\n\r]/.test(text);
  const isAbsolute = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const base =
    (isRelative || isAbsolute) && URL.canParse(text, pageAddress()) ? new URL(text, pageAddress()) : undefined;
  if (!base?.pathname.endsWith("/")) throw new TypeError(`${quote(text)} is not a source; one is ${SOURCE_HELP}`);
  if (base.username || base.password) throw new TypeError("a source's URL has no password: pass `token` or `headers`");
  base.hash = "";
  return base;
}

/** What git allows as a name, so that it stays one component of an address. */
function checkRevision(revision: string): string {
  const isName = /^[^\s~^:?*[\\]{1,255}$/u.test(revision) && !/\.\.|^\.|^\/|\/$|\/\/|\.$|\p{Cc}/u.test(revision);
  if (!isName) throw new TypeError(`revision ${quote(revision)} is not the name of a branch, tag or commit`);
  return revision;
}

/** What relative addresses count from: the page, or the worker's script; undefined in Node. */
function pageAddress(): string | undefined {
  const scope: Partial<Pick<Window, "document" | "location">> = globalThis;
  return scope.document?.baseURI ?? scope.location?.href;
}
