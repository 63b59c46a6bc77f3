#!/usr/bin/env node
/* A file server that misbehaves on request. Node only, no dependencies, listens on loopback only.

   node faulty-server.mjs [--root DIR] [--port 0] [--other-port 0]      prints {"url":…,"other":…} on one line
   import { startFaultyServer } from "./faulty-server.mjs"
   const s = await startFaultyServer({ root });   s.url  s.other  s.log()  s.reset()  await s.close()

   Two origins serve the same folder: `url` and `other` (another port, so another origin; 127.0.0.1 and localhost also differ).

   FAULTS stand in a path segment that begins with "~", items separated by ";" (or in the query, same names). A loader that
   joins names to a base URL therefore sends them with every request:   http://127.0.0.1:PORT/~cut=1000:1;only=model.safetensors/dir/
   A fault that takes a count ":n" acts on the first n matching requests (per segment and file), without it on all. ":once" = ":1".

   only=NAME            act only on files whose name contains NAME          method=GET|HEAD   act only on that method
   skip=N               let the first N matching requests pass unharmed     minrange=B        act only on requests that start at byte B or later

   norange[:n]          ignore Range: 200 and the whole file, Accept-Ranges: none
   r416[:n]             answer 416 to every range request
   contentrange=KIND    shift (claims start+1) | total (claims size+7) | star (bytes a-b/*) | none (206 without the header)
                        | garbage | data (header right, bytes taken one later) | whole (206 claiming the range, whole file sent)
   multipart            206 multipart/byteranges
   short=N[:n]          N bytes fewer, Content-Length says so too (a clean but short answer)
   length=±N[:n]        Content-Length wrong by N, then the connection closes
   cut=K[:n]            destroy the connection after K body bytes           reset[=n]        destroy it before any byte
   stall=K[:n][:ms]     send K body bytes, then nothing (for ms, else for ever)
   drip=B:MS            B bytes every MS milliseconds                       delay=MS         wait before the headers
   status=CODE[:n]      answer CODE (429 and 503 with Retry-After if retryafter= is given; text body)
   retryafter=S         seconds, or a date with retryafter=date:S; "x" gives an unreadable one
   missing=html|403|400 answer what is not there (with only=, that file) by 200 and a page, or by that status
   missing | forbidden | unauthorized      404 | 403 | 401                  auth=TOKEN       401 unless "Authorization: Bearer TOKEN"
   etag=change[:k]      another ETag and other bytes from the (k+1)-th request of a file on (k = 1); If-Range is honoured
   etag=flap | weak | none                 new ETag each time, same bytes | W/"…" | no ETag
   noifrange            ignore If-Range (answers 206 from the changed file)
   gzip | br            Content-Encoding, ranges cut before compression     chunked          no Content-Length
   redirect=WHERE[:c]   other (same path, other origin, faults dropped) | same | loop | keep (other origin, faults kept) | http (bad host); c = code, default 302
   html[=code] | lfs | json | empty        another body instead of the file (status code, default 200)
   flip=OFFSET          one bit wrong at that offset of the file            type=MIME        Content-Type
   head=405 | head=nolength | head=lie     for HEAD requests
   cors=off | noexpose | origin            default: any origin, all headers exposed; origin = echo it and allow credentials
   preflight=fail       OPTIONS gets 403
   isolated             COOP + COEP + CORP headers (crossOriginIsolated pages)
   csp=TEXT             Content-Security-Policy header (percent-encoded)    cachecontrol=TEXT   default no-store

   FILES   below --root; or made up: /__gen/SIZE/any-name gives SIZE bytes, byte i = generated(i) (exported), for transfers of any size.
   LOG     GET /__log → { requests: [{ n, at, origin, method, path, file, range, status, sent, complete, headers }], totals }
           `sent` counts body bytes handed to the socket: the kernel holds some that an aborting client never sees (up to megabytes).
           GET /__reset clears the log and all counters. Both answer any origin.
*/
import { createServer } from "node:http";
import { open, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** As servers compress what they have not compressed before; Node's own default takes seconds a megabyte. */
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });

const CHUNK = 64 * 1024;
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".css": "text/css",
  ".txt": "text/plain",
  ".map": "application/json",
};
const HTML = "<!DOCTYPE html>\n<html><head><title>Not the file</title></head><body>Please sign in.</body></html>\n";
const LFS = `version https://git-lfs.github.com/spec/v1\noid sha256:${"5a".repeat(32)}\nsize 735050977\n`;
const KEEP_HEADERS = [
  "authorization",
  "cookie",
  "range",
  "if-range",
  "if-none-match",
  "if-match",
  "origin",
  "referer",
  "accept-encoding",
  "cache-control",
  "user-agent",
  "sec-fetch-mode",
  "sec-fetch-site",
  "x-test",
];

/** Byte i of a made-up file. */
export const generated = (i) => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255;

const sleep = (ms, signal) =>
  new Promise((done) => {
    const t = setTimeout(done, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(t);
        done();
      },
      { once: true },
    );
  });

/** Let what was written arrive and be read (an error throws away what a client has queued), then break the connection. */
async function cutNow(res) {
  await sleep(40);
  res.socket?.destroy();
}

function parseFaults(text) {
  const f = {};
  for (const item of text.split(/[;&]/)) {
    if (!item) continue;
    const i = item.indexOf("=");
    f[decodeURIComponent(i < 0 ? item : item.slice(0, i))] = i < 0 ? "" : decodeURIComponent(item.slice(i + 1));
  }
  return f;
}

/** "1000:2" → { value: "1000", count: 2 }; names with an optional count as only value are normalised by the caller. */
function withCount(v) {
  const parts = String(v).split(":");
  const c =
    parts[1] === "once"
      ? 1
      : parts[1] === "always" || parts[1] === undefined || parts[1] === ""
        ? Infinity
        : Number(parts[1]);
  return { value: parts[0], count: Number.isNaN(c) ? Infinity : c, rest: parts.slice(2) };
}

class Generated {
  constructor(size) {
    this.size = size;
  }
  async read(start, end) {
    const b = Buffer.allocUnsafe(end - start);
    for (let i = 0; i < b.length; i++) b[i] = generated(start + i);
    return b;
  }
  async close() {}
}

class Disk {
  static async open(path) {
    const s = await stat(path);
    if (!s.isFile()) throw new Error("not a file");
    const d = new Disk();
    d.size = s.size;
    d.mtime = s.mtime;
    d.handle = await open(path);
    return d;
  }
  async read(start, end) {
    const b = Buffer.allocUnsafe(end - start);
    let n = 0;
    while (n < b.length) {
      const { bytesRead } = await this.handle.read(b, n, b.length - n, start + n);
      if (!bytesRead) break;
      n += bytesRead;
    }
    return b.subarray(0, n);
  }
  async close() {
    await this.handle.close();
  }
}

export async function startFaultyServer({ root = ".", port = 0, otherPort = 0 } = {}) {
  const base = resolve(root);
  let log = [],
    counters = new Map();
  const origins = {};

  const hit = (key) => {
    const n = counters.get(key) ?? 0;
    counters.set(key, n + 1);
    return n;
  };

  async function handle(req, res, which) {
    const url = new URL(req.url, "http://x");
    const cors = (f = {}) => {
      if (f.cors === "off") return {};
      const h = { "Access-Control-Allow-Origin": f.cors === "origin" ? (req.headers.origin ?? "*") : "*" };
      if (f.cors === "origin") h["Access-Control-Allow-Credentials"] = "true";
      if (f.cors !== "noexpose")
        h["Access-Control-Expose-Headers"] =
          "Content-Range, Content-Length, Content-Encoding, Accept-Ranges, ETag, Last-Modified, Retry-After, Location";
      return h;
    };
    if (url.pathname === "/__log" || url.pathname === "/__reset") {
      if (url.pathname === "/__reset") {
        log = [];
        counters = new Map();
      }
      const body = JSON.stringify(snapshot());
      res.writeHead(200, { ...cors(), "Content-Type": "application/json", "Cache-Control": "no-store" }).end(body);
      return;
    }

    // faults and file
    const faultText = [],
      parts = [];
    for (const p of url.pathname.split("/"))
      (p.startsWith("~") ? faultText : parts).push(p.startsWith("~") ? p.slice(1) : p);
    const faultKey = faultText.join(";") + url.search;
    let f = parseFaults([...faultText, url.search.slice(1)].join(";"));
    const clean = parts.join("/");
    const file = decodeURIComponent(clean);
    const name = file.split("/").pop();
    const entry = {
      n: log.length,
      at: Date.now(),
      origin: which,
      method: req.method,
      path: req.url,
      file,
      range: req.headers.range ?? null,
      status: 0,
      sent: 0,
      complete: false,
      headers: {},
    };
    for (const h of KEEP_HEADERS) if (req.headers[h] !== undefined) entry.headers[h] = req.headers[h];
    log.push(entry);
    const aborted = new globalThis.AbortController();
    setMaxListeners(0, aborted.signal);
    res.on("close", () => {
      aborted.abort();
      entry.closed = true;
    });

    const key = `${faultKey}|${file}`;
    const rangeStart = Number(/^bytes=(\d+)-/.exec(req.headers.range ?? "")?.[1] ?? 0);
    const applies =
      (!f.only || name.includes(f.only)) &&
      (!f.method || f.method === req.method) &&
      !(f.minrange && rangeStart < Number(f.minrange));
    const seen = applies ? hit(key + "|all") : 0;
    if (!applies || (f.skip && seen < Number(f.skip)))
      f = Object.fromEntries(
        Object.entries(f).filter(([k]) => ["cors", "isolated", "csp", "cachecontrol", "auth", "type"].includes(k)),
      );

    /** Is this fault on for this request? Uses up one count. */
    const on = (faultName, bareCount = false) => {
      if (!(faultName in f)) return undefined;
      const w = withCount(bareCount && /^\d*$/.test(f[faultName]) ? `:${f[faultName]}` : f[faultName]);
      return hit(`${key}|${faultName}`) < w.count ? w : undefined;
    };

    const common = { ...cors(f), "Cache-Control": f.cachecontrol ?? "no-store" };
    if ("isolated" in f)
      Object.assign(common, {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "cross-origin",
      });
    if (f.csp) common["Content-Security-Policy"] = f.csp;
    const finish = (status, headers, body = "") => {
      entry.status = status;
      const b = Buffer.from(body);
      res.writeHead(status, { ...common, "Content-Length": b.length, ...headers });
      if (req.method === "HEAD") res.end();
      else {
        entry.sent = b.length;
        res.end(b);
      }
      entry.complete = true;
    };

    if (req.method === "OPTIONS") {
      if (f.preflight === "fail") return finish(403, {}, "no");
      return finish(204, {
        "Access-Control-Allow-Methods": "GET, HEAD",
        "Access-Control-Allow-Headers": req.headers["access-control-request-headers"] ?? "*",
        "Access-Control-Max-Age": "0",
      });
    }
    if (f.delay) await sleep(Number(f.delay), aborted.signal);
    if (on("reset", true)) {
      entry.status = -1;
      return res.socket?.destroy();
    }
    if (f.auth !== undefined && req.headers.authorization !== `Bearer ${f.auth}`)
      return finish(401, { "WWW-Authenticate": "Bearer" }, "unauthorized");
    const notThere = () =>
      f.missing === "html"
        ? finish(200, { "Content-Type": "text/html" }, HTML)
        : f.missing === "403" || f.missing === "400"
          ? finish(Number(f.missing), { "Content-Type": "application/xml" }, "<Error><Code>AccessDenied</Code></Error>")
          : finish(404, { "Content-Type": "text/plain" }, "Entry not found");
    if ("missing" in f && (!f.missing || f.only)) return notThere();
    if ("forbidden" in f)
      return finish(403, { "Content-Type": "application/json" }, '{"error":"Access to this resource is restricted"}');
    if ("unauthorized" in f) return finish(401, { "WWW-Authenticate": "Bearer" }, "unauthorized");
    const st = on("status");
    if (st) {
      const h = { "Content-Type": "text/plain" };
      if (f.retryafter)
        h["Retry-After"] = f.retryafter.startsWith("date:")
          ? new Date(Date.now() + 1000 * Number(f.retryafter.slice(5))).toUTCString()
          : f.retryafter;
      return finish(Number(st.value), h, `status ${st.value}`);
    }
    if (f.redirect) {
      const [where, code = "302"] = f.redirect.split(":");
      const to =
        where === "same"
          ? clean
          : where === "loop"
            ? req.url
            : where === "keep"
              ? origins.other + req.url.replace(/;?redirect=[^;/?]*/, "")
              : where === "http"
                ? `http://models.invalid${clean}`
                : origins.other + clean;
      return finish(Number(code), { Location: to });
    }
    if ("html" in f) return finish(Number(f.html || 200), { "Content-Type": "text/html" }, HTML);
    if ("lfs" in f) return finish(200, { "Content-Type": "text/plain" }, LFS);
    if ("json" in f)
      return finish(Number(f.json || 200), { "Content-Type": "application/json" }, '{"error":"Repository not found"}');
    if ("empty" in f) return finish(200, {}, "");

    // the file
    let source;
    try {
      const g = /^\/__gen\/(\d+)\//.exec(file);
      if (g) source = new Generated(Number(g[1]));
      else {
        const p = normalize(join(base, file));
        if (p !== base && !p.startsWith(base + sep)) throw new Error("outside");
        source = await Disk.open(p);
      }
    } catch {
      return notThere();
    }

    try {
      const size = source.size;
      const changed =
        f.etag?.startsWith("change") &&
        hit(`${key}|etag`) >= (withCount(f.etag).count === Infinity ? 1 : withCount(f.etag).count);
      const tag = createHash("sha1")
        .update(
          `${file}|${size}|${source.mtime?.getTime() ?? 0}|${changed ? "v2" : "v1"}|${f.etag === "flap" ? entry.n : ""}`,
        )
        .digest("hex")
        .slice(0, 20);
      const etag = f.etag === "none" ? undefined : f.etag === "weak" ? `W/"${tag}"` : `"${tag}"`;
      const headers = { ...common, "Content-Type": f.type ?? TYPES[extname(file)] ?? "application/octet-stream" };
      if (etag) headers.ETag = etag;
      if (source.mtime) headers["Last-Modified"] = source.mtime.toUTCString();

      if (req.method === "HEAD") {
        if (f.head === "405") return finish(405, { Allow: "GET" });
        entry.status = 200;
        if (f.head !== "nolength") headers["Content-Length"] = f.head === "lie" ? size + 1000 : size;
        headers["Accept-Ranges"] = "norange" in f ? "none" : "bytes";
        res.writeHead(200, headers);
        res.end();
        entry.complete = true;
        return;
      }
      if (etag && req.headers["if-none-match"] === etag) return finish(304, { ETag: etag });

      let start = 0,
        end = size,
        status = 200;
      const m = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? "");
      const ifRange = req.headers["if-range"];
      const rangeOn =
        m && (m[1] || m[2]) && !on("norange", true) && !(ifRange && ifRange !== etag && !("noifrange" in f));
      headers["Accept-Ranges"] = "norange" in f ? "none" : "bytes";
      if (rangeOn) {
        if (m[1] === "") {
          start = Math.max(0, size - Number(m[2]));
        } else {
          start = Number(m[1]);
          if (m[2] !== "") end = Math.min(size, Number(m[2]) + 1);
        }
        if (on("r416", true) || start >= size || start >= end)
          return finish(416, { "Content-Range": `bytes */${size}` });
        status = 206;
        const k = f.contentrange;
        const good = `bytes ${start}-${end - 1}/${size}`;
        const cr = {
          shift: `bytes ${start + 1}-${end}/${size}`,
          total: `bytes ${start}-${end - 1}/${size + 7}`,
          star: `bytes ${start}-${end - 1}/*`,
          none: undefined,
          garbage: "pages 1-2",
        };
        const value = k !== undefined && k in cr ? cr[k] : good;
        if (value) headers["Content-Range"] = value;
        if (k === "data") {
          start = Math.min(size - 1, start + 1);
          end = Math.min(size, end + 1);
        }
        if (k === "whole") {
          start = 0;
          end = size;
        }
      }

      const sh = on("short");
      if (sh) end = Math.max(start, end - Number(sh.value));
      const transform = "gzip" in f ? gzipSync : "br" in f ? brotli : undefined;
      const flip = f.flip === undefined ? -1 : Number(f.flip);
      const readPart = async (a, b) => {
        const buf = await source.read(a, b);
        if (changed) for (let i = 0; i < buf.length; i++) buf[i] ^= 0x20;
        if (flip >= a && flip < b) buf[flip - a] ^= 1;
        return buf;
      };

      let body;
      if (transform) {
        body = transform(await readPart(start, end));
        headers["Content-Encoding"] = "gzip" in f ? "gzip" : "br";
      }
      if ("multipart" in f && status === 206) {
        const b = "faultyboundary";
        body = Buffer.concat([
          Buffer.from(
            `--${b}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end - 1}/${size}\r\n\r\n`,
          ),
          await readPart(start, end),
          Buffer.from(`\r\n--${b}--\r\n`),
        ]);
        headers["Content-Type"] = `multipart/byteranges; boundary=${b}`;
        delete headers["Content-Range"];
      }
      const total = body ? body.length : end - start;
      const le = on("length");
      if (!("chunked" in f)) headers["Content-Length"] = total + (le ? Number(le.value) : 0);
      if (le) headers.Connection = "close";
      entry.status = status;
      res.writeHead(status, headers);
      res.flushHeaders();

      const cut = on("cut"),
        stall = on("stall");
      const cutAt = cut ? Number(cut.value) : Infinity,
        stallAt = stall ? Number(stall.value) : Infinity;
      const [dripBytes, dripMs] = f.drip ? f.drip.split(":").map(Number) : [CHUNK, 0];
      let pos = 0,
        stalled = false;
      while (pos < total && !aborted.signal.aborted) {
        if (pos >= cutAt) return void (await cutNow(res));
        if (pos >= stallAt && !stalled) {
          stalled = true;
          await sleep(stall.rest[0] ? Number(stall.rest[0]) : 2 ** 31 - 1, aborted.signal);
          continue;
        }
        const to = Math.min(total, pos + Math.min(CHUNK, dripBytes || CHUNK), cutAt, stalled ? Infinity : stallAt);
        const piece = body ? body.subarray(pos, to) : await readPart(start + pos, start + to);
        if (!piece.length || aborted.signal.aborted) break;
        if (!res.write(piece))
          await new Promise((ok) => {
            res.once("drain", ok);
            aborted.signal.addEventListener("abort", ok, { once: true });
          });
        pos += piece.length;
        entry.sent = pos;
        if (dripMs) await sleep(dripMs, aborted.signal);
      }
      if (aborted.signal.aborted) return;
      if (pos >= cutAt && cutAt < total) return void (await cutNow(res));
      if (pos < total && total > 0) {
        res.socket?.destroy();
        return;
      }
      if (le && Number(le.value) > 0) {
        res.socket?.end();
        entry.complete = false;
        return;
      }
      entry.complete = pos >= total;
      res.end();
    } finally {
      await source.close();
    }
  }

  function snapshot() {
    const totals = { requests: log.length, sent: 0, byFile: {}, byOrigin: {} };
    for (const e of log) {
      totals.sent += e.sent;
      const b = (totals.byFile[e.file] ??= { requests: 0, sent: 0, ranges: 0 });
      b.requests++;
      b.sent += e.sent;
      if (e.range) b.ranges++;
      const o = (totals.byOrigin[e.origin] ??= { requests: 0, sent: 0, authorization: 0 });
      o.requests++;
      o.sent += e.sent;
      if (e.headers.authorization) o.authorization++;
    }
    return { requests: log, totals };
  }

  const make = (which) => {
    const s = createServer((req, res) =>
      handle(req, res, which).catch((e) => {
        if (!res.headersSent) {
          res.writeHead(500);
          res.end(String(e));
        } else res.socket?.destroy();
      }),
    );
    s.keepAliveTimeout = 2000;
    return s;
  };
  const listen = (s, p) =>
    new Promise((ok, no) => s.once("error", no).listen(p, "127.0.0.1", () => ok(s.address().port)));
  const a = make("main"),
    b = make("other");
  origins.main = `http://127.0.0.1:${await listen(a, port)}`;
  origins.other = `http://127.0.0.1:${await listen(b, otherPort)}`;
  return {
    url: origins.main,
    other: origins.other,
    log: snapshot,
    reset: () => {
      log = [];
      counters = new Map();
    },
    close: () =>
      Promise.all(
        [a, b].map(
          (s) =>
            new Promise((ok) => {
              s.close(ok);
              s.closeAllConnections();
            }),
        ),
      ),
  };
}

if (process.argv[1] && fileURLToPath(import.meta.url) === resolve(process.argv[1])) {
  const arg = (n, d) => {
    const i = process.argv.indexOf(`--${n}`);
    return i < 0 ? d : process.argv[i + 1];
  };
  const s = await startFaultyServer({
    root: arg("root", "."),
    port: Number(arg("port", 0)),
    otherPort: Number(arg("other-port", 0)),
  });
  console.log(JSON.stringify({ url: s.url, other: s.other }));
}
