// Sums and maxima over the threads of one row: a subgroup where it has the right size, else a small workgroup.
import type { Capabilities } from "./kernel.js";
import { type Shader, shader, type Variant } from "./shader.js";

const BY_SUBGROUP = `
fn sumOverRow(value: f32, thread: u32) -> f32 { return subgroupAdd(value); }
fn maxOverRow(value: f32, thread: u32) -> f32 { return subgroupMax(value); }`;

// Every thread adds all partial values itself. The barrier before lets the array be reused.
const BY_FEW = `
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

// 64 threads, in two steps of eight values each. Threads beside each other read values that lie side by side.
const BY_EIGHTS = `
var<workgroup> partial: array<f32, 64>;
var<workgroup> eighths: array<f32, 8>;
fn share(value: f32, thread: u32) {
  workgroupBarrier();
  partial[thread] = value;
  workgroupBarrier();
}
fn sumOverRow(value: f32, thread: u32) -> f32 {
  share(value, thread);
  if (thread < 8) {
    var sum = partial[thread];
    for (var i = 1u; i < 8; i++) { sum += partial[thread + 8 * i]; }
    eighths[thread] = sum;
  }
  workgroupBarrier();
  var total = eighths[0];
  for (var i = 1u; i < 8; i++) { total += eighths[i]; }
  return total;
}
fn maxOverRow(value: f32, thread: u32) -> f32 {
  share(value, thread);
  if (thread < 8) {
    var most = partial[thread];
    for (var i = 1u; i < 8; i++) { most = max(most, partial[thread + 8 * i]); }
    eighths[thread] = most;
  }
  workgroupBarrier();
  var largest = eighths[0];
  for (var i = 1u; i < 8; i++) { largest = max(largest, eighths[i]); }
  return largest;
}`;

/** Threads of a row on GPUs: they fill a wave of every vendor, and have enough loads in flight. */
const GPU_THREADS = 64;

/**
 * The shader of a kernel with one workgroup a row, for the number of threads that suits the device. `variantOf` says the rest of it for
 * that many; `sumOverRow` and `maxOverRow` are there. Where a subgroup's size is asked for, there is a fallback without subgroups.
 */
export function rowShader(wgsl: string, device: Capabilities, variantOf: (threads: number) => Variant): Shader {
  const { software, subgroupSize, subgroupControl } = device;
  const bySubgroup = software ? subgroupSize > 0 : subgroupSize === GPU_THREADS;
  const threads = bySubgroup ? subgroupSize : software ? 8 : GPU_THREADS;
  const variant = variantOf(threads);
  const withSource = (source: string): Variant => ({
    ...variant,
    constants: { THREADS: threads, ...variant.constants },
    functions: [source, ...(variant.functions ?? [])],
  });
  if (!bySubgroup) return shader(wgsl, withSource(software ? BY_FEW : BY_EIGHTS));
  const subgroups = { ...withSource(BY_SUBGROUP), enable: ["subgroups"] };
  if (!subgroupControl) return shader(wgsl, subgroups);
  return shader(wgsl, { ...subgroups, subgroupSize: threads, fallback: shader(wgsl, withSource(BY_EIGHTS)) });
}
