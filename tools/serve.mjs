// A small static file server for the built playground: right MIME types, byte ranges, and the content security policy
// as a header on every file. A policy in a meta element would not bind workers; a header on the worker's file does.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { ROOT } from "./setup.mjs";

const POLICIES = JSON.parse(readFileSync(join(ROOT, "demo/policy.json"), "utf8"));

/** A policy's name begins the names of its files: hub* may fetch models from elsewhere; what has none gets the strict one. */
const policyOf = (path) => POLICIES[Object.keys(POLICIES).find((name) => basename(path).startsWith(name)) ?? "index"];

/**
 * Serves a folder. Options: `port` (0: any free one), `folder`, `allowOrigin` (for cross-origin tests: the origin that
 * may read the files, or "*"). Resolves to { url, close() }; url has no slash at its end.
 */
export async function serve({ port = 0, folder = join(ROOT, "dist-demo"), allowOrigin } = {}) {
  const { default: sirv } = await import("sirv"); // installed by setUp(), so not known when this file is loaded
  const files = sirv(folder, {
    etag: true,
    dev: true, // looks at the disk at each request: a rebuild is seen at once
    setHeaders(response, path) {
      response.setHeader("Content-Security-Policy", policyOf(path));
      response.setHeader("X-Content-Type-Options", "nosniff");
      response.setHeader("Cache-Control", "no-cache");
      if (allowOrigin) {
        response.setHeader("Access-Control-Allow-Origin", allowOrigin);
        response.setHeader("Access-Control-Expose-Headers", "Content-Range, Content-Length, ETag, Accept-Ranges");
      }
    },
  });
  const server = createServer((request, response) => {
    if (request.method === "OPTIONS" && allowOrigin) {
      response
        .writeHead(204, { "Access-Control-Allow-Origin": allowOrigin, "Access-Control-Allow-Headers": "*" })
        .end();
      return;
    }
    files(request, response, () => {
      response.writeHead(404, { "Content-Type": "text/plain", "Access-Control-Allow-Origin": allowOrigin ?? "null" });
      response.end("Not found");
    });
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
