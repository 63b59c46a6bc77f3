// What a file from a stranger may do: load, or be refused by a named error, soon, with little memory, and nothing else.
import { CheckpointError, DeviceError, UnsupportedError } from "../../src/errors.js";

export type Outcome = "loads" | "CheckpointError" | "UnsupportedError" | "DeviceError";

export interface Verdict {
  readonly outcome: Outcome;
  /** Of the error; empty where it loaded. */
  readonly message: string;
  readonly milliseconds: number;
}

/** A rule that was broken: what a fuzzer looks for. */
export class Finding extends Error {
  override readonly name: string = "Finding";
}

const MILLISECONDS = 2000;
/** Beside twice what the files hold. */
const BYTES = 64 << 20;
/** A message may list names, but none of a file's megabytes. */
const MESSAGE = 300_000;

const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype];
const keys = (): string => PROTOTYPES.map((each) => Reflect.ownKeys(each).map(String).join()).join(";");
const before = keys();

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Runs a probe over files of `size` bytes.
 * @throws Finding when the probe breaks a rule
 */
export async function judge(probe: () => Promise<unknown>, size: number): Promise<Verdict> {
  const held = memory();
  const start = process.cpuUsage();
  let [outcome, message]: [Outcome, string] = ["loads", ""];
  try {
    await probe();
  } catch (error) {
    if (error instanceof CheckpointError) outcome = "CheckpointError";
    else if (error instanceof UnsupportedError) outcome = "UnsupportedError";
    else if (error instanceof DeviceError) outcome = "DeviceError";
    else if (error instanceof Finding) throw error;
    else throw new Finding(`ended in ${String(error)}`, { cause: error });
    message = error.message;
  }
  const milliseconds = process.cpuUsage(start).user / 1000;
  if (keys() !== before) throw new Finding("changed a prototype");
  if (milliseconds > MILLISECONDS) throw new Finding(`took ${milliseconds.toFixed(0)} ms`);
  if (message.length > MESSAGE) throw new Finding(`a message of ${message.length} characters`);
  const grown = memory() - held;
  if (grown > BYTES + 2 * size) throw new Finding(`took ${(grown / 2 ** 20).toFixed(0)} MiB for ${size} bytes`);
  return { outcome, message, milliseconds };
}
