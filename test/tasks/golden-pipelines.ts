// The stored questions and answers of Transformers' pipelines (golden/pipelines), put into this package's spelling:
// options in camelCase, spans in UTF-16 units.
import { expect } from "vitest";

export interface GoldenCase {
  readonly input: unknown;
  readonly options: Record<string, unknown>;
  /** Options given when the pipeline is made. */
  readonly construct?: Record<string, unknown>;
  readonly output: unknown;
  /** Whether Transformers refuses it. */
  readonly fails?: boolean;
}

export interface GoldenPipeline {
  readonly task: string;
  /** Largest difference of a score. */
  readonly tolerance32: number;
  readonly cases: readonly GoldenCase[];
}

export async function goldenPipeline(name: string): Promise<GoldenPipeline> {
  const response = await fetch(`/shared/golden/pipelines/${name}/cases.json`);
  return (await response.json()) as GoldenPipeline;
}

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export function camelCased(values: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camelCase(name), value]));
}

/** A stored answer as something to compare with: numbers with decimals within the tolerance, all else exactly. */
export function expected(output: unknown, tolerance: number): unknown {
  if (Array.isArray(output)) return output.map((value) => expected(value, tolerance));
  if (typeof output !== "object" || output === null)
    return typeof output === "number" ? near(output, tolerance) : output;
  const { start_utf16: start, end_utf16: end, ...fields } = output as Record<string, unknown>;
  const spans = start === undefined ? {} : { start, end };
  const whole = ["start", "end", "index", "token"]; // counts, not measures
  return Object.fromEntries(
    Object.entries({ ...fields, ...spans }).map(([name, value]) => [
      name,
      whole.includes(name) ? value : expected(value, tolerance),
    ]),
  );
}

/** Matches numbers within an absolute tolerance. */
function near(value: number, tolerance: number): unknown {
  return expect.toSatisfy((actual: number) => Math.abs(actual - value) <= tolerance, `${value} ± ${tolerance}`);
}
