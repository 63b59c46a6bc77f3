// One file for everything Vite does here: the demo (default), the library (`--mode lib`), and Vitest's two projects.
import { playwright } from "@vitest/browser-playwright";
import sirv from "sirv";
import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Rolldown } from "vite";
import { defineConfig, type Plugin, type ViteUserConfig } from "vitest/config";
// @ts-expect-error plain JavaScript, shared with the set-up scripts that run before anything is installed
import { BROWSER_FLAGS, FAST_COMPILE_FLAG, findBrowser } from "./tools/browser.mjs";
// @ts-expect-error plain JavaScript
import { sharedFolder } from "./tools/shared-folder.mjs";
import { sentencePiece } from "./tools/sentencepiece-plugin.js";
import policies from "./demo/policy.json" with { type: "json" };

const root = fileURLToPath(new URL(".", import.meta.url));
const shared = (sharedFolder as () => string | undefined)();

const alias = [
  { find: /^deberta-webgpu$/, replacement: `${root}src/index.ts` },
  { find: /^deberta-webgpu\/(.*)$/, replacement: `${root}src/$1.ts` },
];

/** Serves a folder under a URL prefix with byte ranges; used for golden data and bundled models in browser tests. */
function serveFolder(prefix: string, folder: string): Plugin {
  const files = sirv(folder, { dev: true, etag: true });
  return {
    name: `serve ${prefix}`,
    configureServer(server) {
      server.middlewares.use(prefix, files);
    },
  };
}

/**
 * The package starts its worker with the line that users' bundlers look for, under the script's built name; kept from Vite
 * itself, which would put the script into the package a second time.
 */
function workerAsWritten(): Plugin {
  const line = 'new Worker(new URL("./worker-thread.ts", import.meta.url), { type: "module" })';
  return {
    name: "worker as written",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/src/worker.ts")) return undefined;
      if (!code.includes(line)) throw new Error(`${id} does not hold ${line}`);
      return { code: code.replace(line, "START_WORKER()"), map: null };
    },
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle))
        // once minified, which would rewrite the line
        if (chunk.type === "chunk") chunk.code = chunk.code.replace("START_WORKER()", () => line.replace(".ts", ".js"));
    },
  };
}

/** WGSL without comments and indentation. Lines stay where they are, so that compilers' messages name those of the file. */
function shortShaders(): Plugin {
  const PREFIX = "\0shader:";
  return {
    name: "short shaders",
    apply: "build",
    enforce: "pre",
    resolveId: async function (id, importer) {
      if (!id.endsWith(".wgsl?raw")) return undefined;
      const file = await this.resolve(id.replace("?raw", ""), importer, { skipSelf: true });
      return file && `${PREFIX}${file.id}.js`;
    },
    load: async (id) => {
      if (!id.startsWith(PREFIX)) return undefined;
      const text = await readFile(id.slice(PREFIX.length, -".js".length), "utf8");
      const lines = text.split("\n").map((line) => line.replace(/\/\/.*$/, "").trim());
      return `export default ${JSON.stringify(lines.join("\n"))};`;
    },
  };
}

/**
 * What pages load first, in few files, which compress better than many: modules that the same of these need lie together, however
 * many parts that are fetched later need some of them.
 */
const FIRST = ["index", "worker", "worker-thread", "runtime", "checkpoint", "tokenizer"];
const SECOND = ["model/load-head", "checkpoint/cache/kept-source"];

type Modules = Parameters<Rolldown.CodeSplittingNameFunction>[1];

function fewChunks(): Rolldown.CodeSplittingGroup[] {
  let users: Map<string, string[]> | undefined;
  const findUsers = (modules: Modules): Map<string, string[]> => {
    const found = new Map<string, string[]>();
    for (const start of [...FIRST, ...SECOND]) {
      const add = (id: string): void => {
        const names = found.get(id) ?? [];
        if (names.includes(start)) return;
        found.set(id, [...names, start]);
        modules.getModuleInfo(id)?.importedIds.forEach(add);
      };
      add(`${root}src/${start}.ts`);
    }
    return found;
  };
  const isFetchedBySome = (names: readonly string[]) => ["index", ...SECOND].some((start) => names.includes(start));
  // what most of them need comes first: a group takes along what its modules import
  return Array.from({ length: FIRST.length + SECOND.length }, (_, fewer) => ({
    priority: FIRST.length + SECOND.length - fewer,
    debugName: `needed by ${FIRST.length + SECOND.length - fewer}`,
    name: (id, modules) => {
      const all = (users ??= findUsers(modules)).get(id) ?? [];
      const names = all.includes("index") ? all.filter((name) => !SECOND.includes(name)) : all;
      if (names.length !== FIRST.length + SECOND.length - fewer || !isFetchedBySome(names)) return null;
      return names.map((name) => name.replace(/.*\//, "")).join("-");
    },
  }));
}

const library: ViteUserConfig = {
  plugins: [sentencePiece(), workerAsWritten(), shortShaders()],
  build: {
    target: "es2022",
    sourcemap: true,
    emptyOutDir: true,
    minify: "oxc",
    license: { fileName: "THIRD-PARTY.md" }, // of the libraries that are bundled, which is all of them
    rolldownOptions: { output: { minify: true, codeSplitting: { groups: fewChunks() } } }, // Vite itself would leave the whitespace in
    lib: {
      formats: ["es"],
      entry: {
        index: "src/index.ts",
        runtime: "src/runtime.ts",
        checkpoint: "src/checkpoint.ts",
        tokenizer: "src/tokenizer.ts",
        worker: "src/worker.ts",
        "worker-thread": "src/worker-thread.ts",
        "transformers-js": "src/transformers-js.ts",
        // What only the main entry has, in files of its own: an entry of nothing but names costs a bundler what is asked for.
        redact: "src/tasks/redact.ts",
      },
    },
  },
};

/** The main entry as one script: service workers may not import a part when it is needed. */
const serviceWorker: ViteUserConfig = {
  plugins: [sentencePiece()],
  build: {
    target: "es2022",
    emptyOutDir: false,
    minify: false,
    lib: { formats: ["es"], entry: { "service-worker": "src/index.ts" } },
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
};

/** Puts the playground's content security policy into its pages; a server's header and the service worker repeat it. */
function policyInPages(): Plugin {
  return {
    name: "content security policy",
    apply: "build", // the development server injects scripts and styles of its own
    transformIndexHtml: (_, { filename }) => [
      {
        tag: "meta",
        attrs: {
          "http-equiv": "Content-Security-Policy",
          content: policies[filename.endsWith("hub.html") ? "hub" : "index"],
        },
        injectTo: "head-prepend",
      },
    ],
  };
}

/** The bundled models' files with their sizes, by folder; the page then needs to ask for none that is absent. */
function bundledFiles(): Record<string, Record<string, number>> {
  const models = `${root}demo/public/models`;
  const folders = readdirSync(models, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const filesOf = (folder: string) =>
    readdirSync(`${models}/${folder}`).map((file) => [file, statSync(`${models}/${folder}/${file}`).size] as const);
  return Object.fromEntries(folders.map(({ name }) => [name, Object.fromEntries(filesOf(name))]));
}

const demo: ViteUserConfig = {
  root: "demo",
  base: "./",
  resolve: { alias },
  define: {
    __BUNDLED_FILES__: JSON.stringify(bundledFiles()),
    __BUILD__: JSON.stringify(Date.now().toString(36)),
  },
  plugins: [sentencePiece(), policyInPages()],
  worker: { format: "es", plugins: () => [sentencePiece()] },
  build: {
    outDir: "../dist-demo",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the policy allows no data: addresses
    rolldownOptions: {
      input: { index: `${root}demo/index.html`, hub: `${root}demo/hub.html`, sw: `${root}demo/sw.ts` },
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
};

async function tests(): Promise<ViteUserConfig> {
  const executablePath = await (findBrowser as () => Promise<string | undefined>)();
  const plugins = [
    sentencePiece(),
    serveFolder("/fixtures/", `${root}test/fixtures`),
    serveFolder("/models/", `${root}demo/public/models`),
  ];
  if (shared) plugins.push(serveFolder("/shared/", shared));
  const long = process.env["TEST_LONG"] === "1";
  const provide = { hasShared: shared !== undefined, long };
  const setupFiles = ["test/support/setup.ts"];
  return {
    test: {
      projects: [
        {
          resolve: { alias },
          plugins: [sentencePiece()],
          test: {
            name: "node",
            provide,
            setupFiles,
            environment: "node",
            include: ["test/**/*.test.ts"],
            exclude: ["test/**/*.gpu.test.ts"],
            testTimeout: long ? 600_000 : 60_000,
            hookTimeout: 60_000, // some start a browser, beside the tests on WebGPU
            env: shared ? { SHARED: shared } : {},
          },
        },
        {
          resolve: { alias },
          plugins,
          server: { fs: { allow: [root] } },
          test: {
            name: "gpu",
            provide,
            setupFiles,
            include: ["test/**/*.gpu.test.ts"],
            testTimeout: long ? 1_800_000 : 120_000,
            isolate: false,
            fileParallelism: false,
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({
                launchOptions: {
                  ...(executablePath ? { executablePath } : {}),
                  args: [
                    ...(BROWSER_FLAGS as string[]),
                    ...(process.env["ZERO_WORKGROUP_MEMORY"] === "1" ? [] : [FAST_COMPILE_FLAG as string]),
                  ],
                },
              }),
              instances: [{ browser: "chromium" }],
            },
          },
        },
      ],
    },
  };
}

/** `--mode firefox`: serves a page that runs test cases without Vitest (tools/firefox.mjs). */
const firefox: ViteUserConfig = {
  appType: "mpa",
  resolve: { alias },
  plugins: [
    sentencePiece(),
    serveFolder("/fixtures/", `${root}test/fixtures`),
    serveFolder("/models/", `${root}demo/public/models`),
    ...(shared ? [serveFolder("/shared/", shared)] : []),
  ],
  define: { __HAS_SHARED__: JSON.stringify(shared !== undefined), __LONG__: process.env["TEST_LONG"] === "1" },
  worker: { format: "es", plugins: () => [sentencePiece()] },
  optimizeDeps: { entries: ["test/firefox/index.html"] },
};

export default defineConfig(async ({ mode }) => {
  if (process.env["VITEST"]) return tests();
  if (mode === "service-worker") return serviceWorker;
  if (mode === "firefox") return firefox;
  return mode === "lib" ? library : demo;
});
