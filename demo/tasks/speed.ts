// Measuring a model as any page would: whole runs by the clock, each kernel by `profile`, memory and program as the model tells.
import type { DebertaV2Model, StepTime } from "deberta-webgpu";
import { peakOf, type Peak } from "../kernel-times.js";
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export const RUNS = 20;
/** Tokens of the run that shows what the device can do: short texts leave it idle. */
export const LONG_TEXT = 256;
export const LONGEST = 4000; // ms for all runs together; three at least

export type Memory = ReturnType<DebertaV2Model["memory"]>;

export interface Speed {
  readonly ids: readonly number[];
  /** The mean of the last states. */
  readonly vector: readonly number[];
  /** Whole runs, in milliseconds, sorted: text in, vectors out. */
  readonly runs: readonly number[];
  /** Of turning the text into ids, in milliseconds. */
  readonly tokenizing: number;
  readonly steps: readonly StepTime[];
  /** The fastest rates of any step, in this run and in one of LONG_TEXT tokens. */
  readonly peak: Peak;
  readonly description: string;
  readonly memory: Memory;
}

export const load = (...from: LoadArguments) => pipeline("feature-extraction", ...from);

export async function run(embed: EngineOf<typeof load>, text: string, signal: AbortSignal): Promise<Speed> {
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  const { data } = await embed(text, { pooling: "mean", signal }); // compiles
  const runs: number[] = [];
  for (let spent = 0; runs.length < RUNS && (runs.length < 3 || spent < LONGEST); spent += runs.at(-1)!)
    runs.push(await timed(() => embed(text, { pooling: "mean", signal })));
  const { ids } = await embed.tokenizer.encode(text);
  const tokenizing = await timed(() => embed.tokenizer.encode(text));
  signal.throwIfAborted();
  const steps = await embed.model.profile({ inputIds: [ids] });
  const longIds = Array.from({ length: Math.max(ids.length, LONG_TEXT) }, (_, at) => ids[at % ids.length]!);
  const longSteps = await embed.model.profile({ inputIds: [longIds] });
  signal.throwIfAborted();
  return {
    ids,
    vector: [...data],
    runs: runs.sort((a, b) => a - b),
    tokenizing,
    steps,
    peak: peakOf([...steps, ...longSteps]),
    description: await embed.model.describe(),
    memory: await embed.model.memory(),
  };
}

export const code = (source: string, text: string): string =>
  `import { pipeline } from "deberta-webgpu";

const embed = await pipeline("feature-extraction", ${source});
const { ids } = embed.tokenizer.encode(${JSON.stringify(text)});
const steps = await embed.model.profile({ inputIds: [ids] });
// [{ name, kernel, milliseconds, gflops, gbytes }, …]
embed.model.describe(); // every dispatch, and the memory
embed.dispose();`;
