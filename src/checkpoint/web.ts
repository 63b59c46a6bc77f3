// A source on the web: which address it names, and how its server is talked to.
import { CheckpointError, quote } from "../errors.js";
import type { Address, NamedSource, Version } from "./byte-source.js";
import type { KeptSource, Origin } from "./cache/kept-source.js";
import { lazily } from "../lazy.js";
import type { Listing } from "./hub.js";
import type { Server } from "./http.js";
import type { ProgressReporter } from "./progress.js";
import { fetchWithOwnHeaders } from "./redirects.js";
import { SOURCE_HELP, type Place, type PlaceContext, type SourceOptions } from "./source.js";
import { isUnchanged, openUrl, reopenUrl } from "./url-source.js";

const HUB = "https://huggingface.co/";
/** A hub id. */
const HUB_ID = /^([\w-][\w.-]*)\/([\w-][\w.-]*)$/;

/** A base URL or a hub id. */
export function webPlace(source: string | URL, { options, clock, progress }: PlaceContext): Place {
  const base = baseOf(source, options.revision ?? "main");
  const server = serverOf(base, options, clock);
  const origin = originOf(source, base, server, options);
  const why = new Map<string, CheckpointError>();
  let listing: Promise<Listing | undefined> | undefined;
  const direct: Pick<KeptSource, "open" | "refuse"> = {
    open: async (name) => origin.open(name, await (listing ??= origin.list?.() ?? Promise.resolve(undefined))),
    refuse: () => Promise.resolve(),
  };
  let files: Promise<typeof direct> | undefined;
  return {
    location: base.href.slice(0, base.href.length - base.search.length),
    isRemote: true,
    open: async (name) => {
      files ??= keptFiles(origin, base, options, progress).then((kept) => kept ?? direct);
      files.catch(() => (files = undefined));
      const file = await (await files).open(name);
      if (!(file instanceof CheckpointError)) return file;
      why.set(name, file);
      return undefined;
    },
    whyMissing: (name) => why.get(name),
    refuse: (name) => void files?.then((each) => each.refuse(name)).catch(() => undefined),
    close: () => [...server.holding].forEach((file) => file.close()),
  };
}

/** Over what the browser keeps; undefined where it keeps nothing, whatever the reason. */
async function keptFiles(
  origin: Origin,
  base: URL,
  { cache = "auto", persist = false, signal }: SourceOptions,
  progress: ProgressReporter,
): Promise<KeptSource | undefined> {
  if (cache === "off" || !/^https?:$/.test(base.protocol) || !("navigator" in globalThis)) return undefined;
  try {
    const { KeptSource } = await import("./cache/kept-source.js");
    return await KeptSource.open(origin, { isReadOnly: cache === "read-only", persist, progress });
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** A source as a list of kept models names it. @throws TypeError when it is none on the web */
export function sourceName(source: string | URL): string {
  return HUB_ID.test(String(source)) ? String(source) : unsigned(baseOf(source, "main")).href;
}

/** What in an address is good for some hours only, and names no file. */
const SIGNATURE = /^(?:x-(?:amz|goog)-.*|signature|expires|policy|key-pair-id|sig|se|sp|sv|sr|st|spr|skoid|token)$/i;

function unsigned(base: URL): URL {
  const url = new URL(base);
  for (const name of [...url.searchParams.keys()]) if (SIGNATURE.test(name)) url.searchParams.delete(name);
  return url;
}

/** The server of a source: which address each file has, at the commit of the listing where there is one. */
function originOf(
  source: string | URL,
  base: URL,
  server: Server,
  { token, headers, revision = "main", fetch }: SourceOptions,
): Origin {
  const id = HUB_ID.test(String(source)) ? String(source) : undefined;
  const folder = base.href.slice(0, base.href.length - base.search.length);
  const urlOf = (name: string, listing: Listing | undefined): string =>
    (listing ? `${HUB}${id!}/resolve/${listing.commit}/` : folder) +
    name.split("/").map(encodeURIComponent).join("/") +
    base.search;
  const identified = (file: NamedSource, url: string, version: Version, listing: Listing | undefined): NamedSource => {
    const identity: Address = {
      url: unsigned(new URL(url)).href,
      isFixed: listing !== undefined,
      version,
      askedAt: Date.now(),
      access: [token, JSON.stringify(headers), fetch],
    };
    return Object.create(file, { identity: { value: identity } }) as NamedSource;
  };
  return {
    source: sourceName(source),
    // What came with a token is given only to who has one.
    identity: JSON.stringify([unsigned(base).href, token !== undefined || headers !== undefined]),
    ...(id !== undefined && {
      list: async () =>
        (await lazily(() => import("./hub.js"))).readListing(`${HUB}api/models/${id}`, revision, server),
    }),
    open: async (name, listing) => {
      const listed = listing?.files.get(name);
      if (listing && !listed) return undefined;
      const url = urlOf(name, listing);
      const file = await openUrl(name, url, server, listed?.size);
      return file instanceof CheckpointError ? file : identified(file, url, file.version ?? {}, listing);
    },
    reopen: (name, { size, version, oid }, listing) => {
      // At the hub a name of its own says which bytes are meant; hosts of the same bytes may differ in their tags.
      const known = oid === undefined ? version : {};
      const url = urlOf(name, listing);
      return identified(reopenUrl({ name, url, size, ...known }, server), url, version, listing);
    },
    isUnchanged: (name, { size, version }) =>
      isUnchanged({ name, url: urlOf(name, undefined), size, ...version }, server),
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
