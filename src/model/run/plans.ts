// The plans of recent runs, found again by what distinguishes them: sizes after rounding and what is asked for, not the exact
// lengths, which travel in tables.
import type { Graph } from "../../runtime/graph.js";
import type { Plan } from "../../runtime/plan.js";
import type { QueryShape } from "../deberta/shape.js";
import type { EncoderRequest } from "./network.js";

/** Plans that are kept: all that hold no more than this, but so many at most. One of a base model holds 28 KB. */
const KEPT_PLANS = 64;
const KEPT_BYTES = 8 * 2 ** 20;

/** The part of a plan's key that the encoder decides. */
export function encoderKey({ shape, hiddenStates, attentions, terms }: EncoderRequest): string {
  const set = (query: QueryShape | undefined) =>
    query?.blocks.map(({ tiles, valueTiles, scoreRows, scores, rows }) => [
      query.rows,
      tiles,
      valueTiles,
      scoreRows,
      scores,
      ...(shape.form === "gather" ? rows : []),
    ]);
  return JSON.stringify([
    shape.rows,
    shape.form,
    shape.maskWords,
    set(shape.all),
    set(shape.asked),
    hiddenStates,
    attentions,
    terms,
  ]);
}

/** The most recently used plans. Runs wait for each other, so no plan is asked for twice at once. */
export class Plans {
  private readonly plans = new Map<string, Plan>();
  private readonly compile: (graph: Graph) => Promise<Plan>;

  constructor(compile: (graph: Graph) => Promise<Plan>) {
    this.compile = compile;
  }

  async get(key: string, build: () => Graph): Promise<Plan> {
    const known = this.plans.get(key);
    this.plans.delete(key);
    const plan = known ?? (await this.compile(build()));
    this.plans.set(key, plan);
    for (const oldest of this.plans.keys()) {
      const { size } = this.plans;
      if (size === 1 || (size <= KEPT_PLANS && this.totals().bytes <= KEPT_BYTES)) break;
      this.plans.get(oldest)!.dispose();
      this.plans.delete(oldest);
    }
    return plan;
  }

  totals(): { bytes: number; buffers: number } {
    return { bytes: [...this.plans.values()].reduce((sum, plan) => sum + plan.bytes, 0), buffers: this.plans.size };
  }

  dispose(): void {
    for (const plan of this.plans.values()) plan.dispose();
    this.plans.clear();
  }
}
