// `npm run bench:page`: builds the page of the bench and serves it, for any browser on this machine's network. --build FOLDER only
// builds it, for any static host. Where .cache/onnxruntime holds what onnxruntime.py makes, the page measures onnxruntime-web, too.
// --read FILE ...: figures that somebody saved, as the table from which plan.ts is mended: for each shape the planned body and the fastest.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { build, preview, runnerImport } from "vite";

const ROOT = resolve(import.meta.dirname, "..");
const ONNX = join(ROOT, ".cache/onnxruntime");
const ONNX_FILES = ["config.json", "model.safetensors", "model.onnx"];
/** The shape that onnxruntime.py makes. */
const ONNX_SHAPE = "v3-xsmall";

/** Builds the page into a folder that can lie anywhere on a server; with onnxruntime-web's model if there is one and it is wanted. */
export async function buildPage(folder, { onnx = true } = {}) {
  // Vite compiles the plugin: Node 20 imports no TypeScript.
  const { module: plugin } = await runnerImport(join(ROOT, "tools/sentencepiece-plugin.ts"), { configFile: false });
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  await build({
    root: join(ROOT, "bench/page"),
    base: "./",
    configFile: false,
    logLevel: "error",
    plugins: [plugin.sentencePiece()],
    resolve: {
      alias: [
        { find: /^deberta-webgpu$/, replacement: join(ROOT, "src/index.ts") },
        { find: /^deberta-webgpu\/(.*)$/, replacement: join(ROOT, "src/$1.ts") },
      ],
    },
    define: { __VERSION__: JSON.stringify(version) },
    build: { outDir: resolve(folder), emptyOutDir: true, target: "es2022" },
  });
  if (!onnx || !ONNX_FILES.every((name) => existsSync(join(ONNX, name)))) return;
  const models = join(folder, "onnx", ONNX_SHAPE);
  mkdirSync(models, { recursive: true });
  for (const name of ONNX_FILES) copyFileSync(join(ONNX, name), join(models, name));
}

/** A saved report as lines: of every shape the planned body and the fastest that computes rightly. */
export function readReport({ adapter, selfTest, bodies }) {
  const wrong = selfTest.wrong.length;
  const lines = bodies.map(({ shape, weights, timed, planned, bodies: all }) => {
    const right = all.filter(({ milliseconds, error = 0 }) => milliseconds !== undefined && error < 1e-4);
    const [best] = right.sort((a, b) => a.milliseconds - b.milliseconds);
    const own = right.find(({ plan }) => plan === planned);
    const figure = (body) => (body ? `${body.plan}, ${body.milliseconds.toFixed(3)} ms` : "no time");
    const ratio = own ? (own.milliseconds / best.milliseconds).toFixed(2) : "–";
    return `${timed}${timed === shape ? "" : ` (for ${shape})`} ${weights}: planned ${figure(own)}; fastest ${figure(best)}; ratio ${ratio}`;
  });
  const name = [adapter.vendor, adapter.architecture, adapter.device, adapter.description].filter(Boolean).join(" ");
  return [`${name || "a GPU without a name"}${wrong ? `: ${wrong} cases wrong` : ""}`, ...lines];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      build: { type: "string" },
      port: { type: "string", default: "4173" },
      read: { type: "boolean", default: false },
    },
  });
  if (values.read) {
    for (const file of positionals)
      console.log([basename(file), ...readReport(JSON.parse(readFileSync(file, "utf8")))].join("\n  "));
  } else {
    const folder = resolve(values.build ?? join(ROOT, ".cache/bench-page"));
    await buildPage(folder);
    if (values.build) console.log(`${folder} holds the page: copy it to any static host`);
    else {
      const server = await preview({
        root: folder,
        configFile: false,
        build: { outDir: folder },
        preview: { port: Number(values.port), host: true },
      });
      console.log("WebGPU needs https or localhost.");
      server.printUrls();
    }
  }
}
