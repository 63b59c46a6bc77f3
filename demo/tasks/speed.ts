// Measuring a model as any page would: whole runs by the clock, each kernel by `profile`, memory and program as the model tells.
import type { DebertaV2Model, StepTime } from "deberta-webgpu";
import { pipeline } from "../engine.js";
import type { EngineOf, LoadArguments } from "./task.js";

export const RUNS = 20;
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
  return {
    ids,
    vector: [...data],
    runs: runs.sort((a, b) => a - b),
    tokenizing,
    steps: await embed.model.profile({ inputIds: [ids] }),
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
