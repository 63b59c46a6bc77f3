// `node bench/lab.mjs [--setup] [--targets navi31,tgl] [--only REGEXP] [--write]`: what Mesa's compilers make of every hot kernel
// for GPUs that are not there, as Markdown tables: the estimated share of peak, values spilled in a round of the hot loop, and
// registers and occupancy. The method, and what the figures are not: README.md of the shared folder's gpustub, which does the work.
// --setup fetches Mesa and its stubs once (some minutes), --write puts the tables into docs/kernels.md; with --only, those rows.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { sharedFolder } from "../tools/shared-folder.mjs";

const ROOT = resolve(import.meta.dirname, "..");
const DOCUMENT = join(ROOT, "docs/kernels.md");
const [BEGIN, END] = ["<!-- node bench/lab.mjs --write -->", "<!-- end -->"];

/** Targets by their names in the lab, and what WebGPU says of such a GPU. Sizes of subgroups are constant on some only. */
const TARGETS = {
  navi31: { vendor: "amd", architecture: "rdna-3" },
  phoenix: { vendor: "amd", architecture: "rdna-3" },
  renoir: { vendor: "amd", architecture: "gcn-5", subgroupSize: 64 },
  ampere: { vendor: "nvidia", architecture: "ampere", subgroupSize: 32 },
  tgl: { vendor: "intel", architecture: "gen-12lp" },
  dg2: { vendor: "intel", architecture: "gen-12hp" },
  adreno730: { vendor: "qualcomm", architecture: "adreno-7xx" },
  m1: { vendor: "apple", architecture: "metal-3", subgroupSize: 32 },
};

const ALL_TARGETS = Object.keys(TARGETS).join(",");

const { values: options } = parseArgs({
  options: {
    lab: { type: "string", default: process.env.LAB ?? join(ROOT, ".cache/lab") },
    targets: { type: "string", default: ALL_TARGETS },
    only: { type: "string", default: "." },
    setup: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    keep: { type: "string" },
  },
});

/** Why the lab cannot run, if it cannot. */
function missing(shared) {
  if (process.platform !== "linux" || process.arch !== "x64") return "it needs Linux on x86-64";
  if (!shared || !existsSync(join(shared, "gpustub/stats.mjs"))) return "../shared/gpustub is missing";
  if (!existsSync(join(options.lab, "run.sh")))
    return `${options.lab} holds no Mesa with stub devices: run it with --setup`;
  return undefined;
}

/** The statistics of every kernel as it would run on a target, by name. */
function compile(stats, target, shaders) {
  const folder = mkdtempSync(join(tmpdir(), "lab-"));
  try {
    const [list, result] = [join(folder, "list.json"), join(folder, "result.json")];
    writeFileSync(list, JSON.stringify(shaders));
    // Mesa checks bounds on NVIDIA component by component, which NVIDIA's own driver is not known to do.
    const toggles = target === "ampere" ? ["--toggles", "enable-dawn-features=disable_robustness"] : [];
    const keep = options.keep ? ["--keep", options.keep] : [];
    const run = spawnSync(
      process.execPath,
      [stats, "--lab", options.lab, "--targets", target, "--json", result, "--quiet", ...toggles, ...keep, list],
      { encoding: "utf8" },
    );
    const made = existsSync(result) ? JSON.parse(readFileSync(result, "utf8"))[target] : undefined;
    if (!made) throw new Error(`${target}: ${run.stdout}${run.stderr}`);
    return new Map(made.rows.map((row) => [row.name, row]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const percent = (share) =>
  share === undefined ? "–" : share < 0.095 ? `${(100 * share).toFixed(1)}` : `${Math.round(100 * share)}`;

/** Cells of the three tables for one kernel on one target. */
const CELLS = {
  "Estimated share of peak, in percent": ({ row, useful }) =>
    percent(row.share === undefined ? undefined : row.share * useful),
  "Values spilled and filled in a round of the hot loop (in the whole program)": ({ row }) =>
    row.loop ? `${row.loop.spill ?? 0}${row.spill ? ` (${row.spill})` : ""}` : `(${row.spill ?? 0})`,
  "Registers, and waves a SIMD (Apple: threads a core)": ({ row }) => `${row.regs ?? "–"} / ${row.occupancy ?? "–"}`,
};

function tableText(targets, names, cell) {
  const lines = names.map((name) => `| ${name} | ${targets.map((target) => cell(name, target)).join(" | ")} |`);
  return [`| | ${targets.join(" | ")} |`, `|---|${targets.map(() => "---:|").join("")}`, ...lines].join("\n");
}

/** A document's tables with the rows of others in the place of their own. */
function withRows(tables, fresh) {
  const nameOf = (line) => line.split("|")[1]?.trim();
  const rows = new Map();
  const eachRow = (text, visit) => {
    let title = "";
    return text.split("\n").map((line) => {
      if (line.endsWith(":")) title = line;
      return nameOf(line) ? visit(`${title} ${nameOf(line)}`, line) : line;
    });
  };
  eachRow(fresh, (key, line) => rows.set(key, line));
  return eachRow(tables, (key, line) => rows.get(key) ?? line).join("\n");
}

const shared = sharedFolder();
if (options.setup && shared && !existsSync(join(options.lab, "run.sh")))
  spawnSync("bash", [join(shared, "gpustub/setup.sh"), options.lab], { stdio: "inherit" });
const reason = missing(shared);
if (reason) {
  console.log(`lab skipped: ${reason}`);
} else {
  const { module } = await runnerImport(join(ROOT, "bench/lab-shaders.ts"), {
    configFile: false,
    root: ROOT,
    resolve: { alias: [{ find: /^deberta-webgpu\/(.*)$/, replacement: `${ROOT}/src/$1.ts` }] },
  });
  const targets = options.targets.split(",");
  const results = new Map();
  let names = [];
  for (const target of targets) {
    const shaders = module.default(TARGETS[target]).filter(({ name }) => new RegExp(options.only).test(name));
    names = shaders.map(({ name }) => name);
    const rows = compile(join(shared, "gpustub/stats.mjs"), target, shaders);
    for (const { name, useful, plan } of shaders) {
      const row = rows.get(name);
      if (row.error) throw new Error(`${target}, ${name}: ${row.error}`);
      results.set(`${target} ${name}`, { row, useful, plan });
    }
  }
  const text = Object.entries(CELLS).map(
    ([title, cell]) =>
      `${title}:\n\n${tableText(targets, names, (name, target) => cell(results.get(`${target} ${name}`)))}`,
  );
  const planned = names.filter((name) => targets.some((target) => results.get(`${target} ${name}`).plan));
  text.push(`Plans:\n\n${tableText(targets, planned, (name, target) => results.get(`${target} ${name}`).plan)}`);
  const all = text.join("\n\n");
  console.log(all);
  if (options.write) {
    if (options.targets !== ALL_TARGETS) throw new Error("--write needs all targets: a table's columns");
    const [before, tables, after] = readFileSync(DOCUMENT, "utf8").split(new RegExp(`${BEGIN}|${END}`));
    const written = options.only === "." ? all : withRows(tables.trim(), all);
    writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${written}\n\n${END}${after}`);
  }
}
