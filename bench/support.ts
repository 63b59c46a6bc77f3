// Common to the benches: devices with and without subgroups, and tables in plain text.
import { Device } from "deberta-webgpu/runtime";

export type Print = (line: string) => unknown;

/** The engine's own device, and one without subgroups, which many GPUs and browsers have. */
export async function benchDevices(): Promise<{ name: string; device: Device }[]> {
  const device = await Device.request();
  const plain = { name: "without subgroups", device: await withoutSubgroups() };
  if (device.capabilities.subgroupSize === 0) return [plain];
  return [{ name: `subgroups of ${device.capabilities.subgroupSize}`, device }, plain];
}

async function withoutSubgroups(): Promise<Device> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("no WebGPU adapter");
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const requiredFeatures = (["timestamp-query"] as const).filter((name) => adapter.features.has(name));
  return Device.of(
    await adapter.requestDevice({ requiredFeatures, requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } }),
  );
}

/** One line about the adapter. */
export function describeAdapter({ adapter, capabilities }: Device): string {
  return `${adapter}${capabilities.software ? " (software)" : ""}`;
}

/** Rows of cells as aligned text; the first column to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}

/** Deterministic numbers between −½ and ½. */
export function numbers(count: number): Float32Array {
  let state = 12345;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff - 0.5;
  });
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** The plans in what `describe` gives, a line for every kernel that has one, in the order of their first steps. */
export function plansIn(description: string): string[] {
  const plans = new Map<string, Set<string>>();
  for (const line of description.split("\n")) {
    const [, kernel, plan] = /^.*?  +(\w+)  +\[.*  +(\S.*?) · /.exec(line) ?? [];
    if (plan) plans.set(kernel!, (plans.get(kernel!) ?? new Set()).add(plan));
  }
  return [...plans].map(([kernel, chosen]) => `${kernel}: ${[...chosen].join("; ")}`);
}
