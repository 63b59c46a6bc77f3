// Sums and maxima over the threads of one row: a subgroup where its size is constant, else a small workgroup.
import type { Capabilities } from "./kernel.js";
import type { Variant } from "./shader.js";

const BY_SUBGROUP = `
fn sumOverRow(value: f32, thread: u32) -> f32 { return subgroupAdd(value); }
fn maxOverRow(value: f32, thread: u32) -> f32 { return subgroupMax(value); }`;

// One barrier per reduction; every thread then adds all partial values itself. The second barrier lets the array be reused.
const BY_WORKGROUP = `
var<workgroup> partial: array<f32, THREADS>;
fn sumOverRow(value: f32, thread: u32) -> f32 {
  workgroupBarrier();
  partial[thread] = value;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < THREADS; i++) { total += partial[i]; }
  return total;
}
fn maxOverRow(value: f32, thread: u32) -> f32 {
  workgroupBarrier();
  partial[thread] = value;
  workgroupBarrier();
  var largest = partial[0];
  for (var i = 1u; i < THREADS; i++) { largest = max(largest, partial[i]); }
  return largest;
}`;

/** Threads per row and the functions `sumOverRow`, `maxOverRow` for them. */
export function rowReduction(device: Capabilities): {
  readonly threads: number;
  readonly enable: NonNullable<Variant["enable"]>;
  readonly source: string;
} {
  if (device.subgroupSize > 0) return { threads: device.subgroupSize, enable: ["subgroups"], source: BY_SUBGROUP };
  return { threads: device.software ? 8 : 32, enable: [], source: BY_WORKGROUP };
}
