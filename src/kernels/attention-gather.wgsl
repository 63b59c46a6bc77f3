// The relative terms gathered from precomputed products, cheaper for long inputs: qp[i, h, s] = q_i · posK[s] of the
// queries from firstQuery on, kp[j, h, s] = k_j · posQ[s] of all keys. Slot as in attention-relative.wgsl.
@group(0) @binding(4) var<storage, read> slots: array<u32>;
@group(0) @binding(5) var<storage, read> qp: array<f32>;
@group(0) @binding(6) var<storage, read> kp: array<f32>;

fn gathered(row: u32, column: u32) -> f32 {
  let distance = clamp(i32(here.column + row) - i32(column), -params.reach, params.reach);
  let slot = slots[u32(distance + params.reach)];
  var sum = 0.0;
  if (C2P) { sum += qp[((here.queryRow + row - params.firstQuery) * params.heads + head) * params.slots + slot]; }
  if (P2C) { sum += kp[((here.keyRow + column) * params.heads + head) * params.slots + slot]; }
  return sum;
}
