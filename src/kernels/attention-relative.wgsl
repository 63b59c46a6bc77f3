// The relative terms inside the score tile: q_i · posK[slot(i - j)] + k_j · posQ[slot(i - j)], exact for every length.
// posK, posQ: [S, H·d], rows of slotStride vec4. slots: slot of every distance from -reach to reach; it is constant beyond.
@group(0) @binding(4) var<storage, read> slots: array<u32>;
@group(0) @binding(5) var<storage, read> posK: array<vec4f>;
@group(0) @binding(6) var<storage, read> posQ: array<vec4f>;

fn relativeAt(difference: i32) -> u32 {
  let distance = clamp(i32(here.column) + difference, -params.reach, params.reach);
  return slots[u32(distance + params.reach)] * params.slotStride + head * params.width;
}

fn gathered(row: u32, column: u32) -> f32 { return 0.0; }
