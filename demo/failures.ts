// From an error to words: what happened, and what the visitor can do. The error's own message is always shown as well.

export interface Failure {
  readonly kind: "webgpu" | "permission" | "missing" | "network" | "files" | "unsupported" | "device" | "input" | "bug";
  readonly title: string;
  readonly advice: string;
}

const FAILURES: Record<Failure["kind"], Omit<Failure, "kind">> = {
  webgpu: { title: "This browser gives pages no access to the GPU.", advice: "" },
  permission: {
    title: "The files need permission.",
    advice: "Add an access token in the Model dialog, or choose another model.",
  },
  missing: { title: "The model was not found.", advice: "Check the name or address in the Model dialog." },
  network: {
    title: "The files could not be fetched.",
    advice: "Check the connection and the address; the other server may also forbid pages to read its files (CORS).",
  },
  files: { title: "The model's files do not fit.", advice: "Fetch the files again, or choose another model." },
  unsupported: { title: "This model cannot run here.", advice: "Choose a model of the DeBERTa-v2 family." },
  device: { title: "The GPU stopped.", advice: "Try again. If that fails, reload the page." },
  input: { title: "The engine refuses this input.", advice: "Change the text or the options." },
  bug: { title: "Something went wrong in this page.", advice: "Please report it with the details below." },
};

export function failureOf(error: unknown): Failure {
  const kind = kindOf(error);
  return { kind, ...FAILURES[kind] };
}

const KINDS: Readonly<Record<string, Failure["kind"]>> = {
  absent: "missing",
  forbidden: "permission",
  unreachable: "network",
  unsupported: "unsupported",
};

/** Error classes are told apart by their names: they come from the worker, and the package is loaded later than this file. */
function kindOf(error: unknown): Failure["kind"] {
  if (!(error instanceof Error)) return "bug";
  const { name, message } = error;
  if (name === "UnsupportedError") return message.includes("WebGPU") ? "webgpu" : "unsupported";
  if (name === "DeviceError") return "device";
  if (name === "RangeError" || name === "TypeError") return "input";
  if (name !== "CheckpointError") return "bug";
  return ("reason" in error && KINDS[String(error.reason)]) || "files";
}

/** The error with its causes, as text for a report. */
export function reportOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error && lines.length < 5; cause = cause.cause)
    lines.push(`${cause.name}: ${cause.message}`);
  return lines.join("\ncaused by ");
}
