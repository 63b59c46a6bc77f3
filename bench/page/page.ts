// The page of the bench: a button, what is going on, and the figures as tables and as a file.
import { measure, type Part, type Report } from "./report.js";

declare const __VERSION__: string;

const element = (id: string): HTMLElement => document.getElementById(id)!;
const [form, start, stop] = [
  element("form") as HTMLFormElement,
  element("start") as HTMLButtonElement,
  element("stop") as HTMLButtonElement,
];
const [budget, progress, status] = [
  element("budget") as HTMLInputElement,
  element("progress") as HTMLProgressElement,
  element("status"),
];

function table(title: string, rows: readonly (readonly string[])[], marked?: string): HTMLElement {
  const made = document.createElement("table");
  made.createCaption().textContent = title;
  for (const [index, cells] of rows.entries()) {
    const row = made.insertRow();
    row.classList.toggle("planned", cells[0] === marked);
    for (const text of cells) {
      const cell = document.createElement(index === 0 ? "th" : "td");
      cell.textContent = text;
      row.append(cell);
    }
  }
  return made;
}

const figure = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "";

function tablesOf({ bodies, kernels, models, selfTest }: Report): HTMLElement[] {
  const { cases, wrong } = selfTest;
  const tables = bodies.map(({ shape, timed, weights, planned, bodies }) => {
    const order = [...bodies].sort((a, b) => (a.milliseconds ?? Infinity) - (b.milliseconds ?? Infinity));
    const rows = order.map(({ plan, milliseconds, gflops, failed }) => [
      plan,
      failed ?? figure(milliseconds, 3),
      figure(gflops, 1),
    ]);
    const cut = timed === shape ? "" : `, run as ${timed}`;
    const title = `Matrix product ${shape}, weights in ${weights}${cut}; the engine's choice in bold`;
    return table(title, [["body", "ms", "GFLOP/s"], ...rows], planned);
  });
  const kernelRows = kernels.map(({ kernel, milliseconds, gflops, plan, failed }) => [
    kernel,
    failed ?? figure(milliseconds, 3),
    figure(gflops, 1),
    plan ?? "",
  ]);
  const modelRows = models.map(({ shape, tokens, milliseconds, onnxruntime, failed }) => [
    shape,
    String(tokens),
    failed ?? figure(milliseconds, 1),
    onnxruntime && "failed" in onnxruntime ? onnxruntime.failed : figure(onnxruntime?.milliseconds, 1),
  ]);
  return [
    ...(cases > 0
      ? [table(`Self-test: ${cases - wrong.length} of ${cases} are right`, [["wrong"], ...wrong.map((text) => [text])])]
      : []),
    ...tables,
    ...(kernels.length > 0 ? [table("Kernels", [["kernel", "ms", "GFLOP/s", "plan"], ...kernelRows])] : []),
    ...(models.length > 0
      ? [table("Whole models", [["model", "tokens", "ms", "onnxruntime-web, ms"], ...modelRows])]
      : []),
  ];
}

async function run(signal: AbortSignal): Promise<void> {
  const report = await measure({
    version: __VERSION__,
    parts: [...document.querySelectorAll<HTMLInputElement>("#parts input:checked")].map(({ name }) => name as Part),
    budget: budget.valueAsNumber,
    signal,
    onProgress(text, share) {
      progress.value = share;
      status.textContent = text;
    },
  });
  const file = element("file") as HTMLAnchorElement;
  URL.revokeObjectURL(file.href);
  file.href = URL.createObjectURL(new Blob([JSON.stringify(report, undefined, 2)], { type: "application/json" }));
  const { vendor = "gpu", architecture = "" } = report.adapter;
  file.download = ["figures", vendor, architecture, report.date.slice(0, 10)].filter(Boolean).join("-") + ".json";
  element("tables").replaceChildren(...tablesOf(report));
  element("save").hidden = false;
  progress.value = 1;
  status.textContent = "Done.";
}

let running = new AbortController();
stop.addEventListener("click", () => running.abort(new DOMException("Stopped.", "AbortError")));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  running = new AbortController();
  [start.disabled, stop.disabled] = [true, false];
  void run(running.signal)
    .catch((error: unknown) => (status.textContent = error instanceof Error ? error.message : String(error)))
    .finally(() => ([start.disabled, stop.disabled] = [false, true]));
});
