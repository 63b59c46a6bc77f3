// A server for benches: sources of a checkout compiled as they are imported, on a blank page, beside bundled models and golden data.
import { join } from "node:path";
import sirv from "sirv";
import { createServer, runnerImport } from "vite";
import { sharedFolder } from "../tools/shared-folder.mjs";

const blankPage = {
  name: "blank page",
  configureServer(server) {
    server.middlewares.use("/blank", (_, response) => {
      response.setHeader("Content-Type", "text/html").end("<!doctype html><title>bench</title>");
    });
  },
};

const folderAt = (prefix, folder) => ({
  name: `serve ${prefix}`,
  configureServer(server) {
    if (folder) server.middlewares.use(prefix, sirv(folder, { dev: true }));
  },
});

/** Serves the checkout at `root`; `resolvedUrls.local[0]` is its address, `/blank` the page. */
export async function serveBench(root) {
  // Vite compiles the plugin: Node 20 imports no TypeScript.
  const { module: plugin } = await runnerImport(join(root, "tools/sentencepiece-plugin.ts"), { configFile: false });
  const server = await createServer({
    root,
    configFile: false,
    appType: "custom",
    logLevel: "error",
    plugins: [
      plugin.sentencePiece(),
      blankPage,
      folderAt("/models/", join(root, "demo/public/models")),
      folderAt("/shared/", sharedFolder()), // 404 where there is none
    ],
    resolve: {
      alias: [
        { find: /^deberta-webgpu$/, replacement: join(root, "src/index.ts") },
        { find: /^deberta-webgpu\/(.*)$/, replacement: join(root, "src/$1.ts") },
      ],
    },
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { port: 0, hmr: false, watch: null },
  });
  await server.listen();
  return server;
}
