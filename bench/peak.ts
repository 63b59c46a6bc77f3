// The adapter's arithmetic ceiling: multiply-adds on registers and nothing else, in the best of a few forms. What the
// benches of kernels are measured against.

const FORMS = [
  { type: "f32", chains: 8, step: "a = a * x + y" },
  { type: "f32", chains: 12, step: "a = a * x + y" },
  { type: "vec4f", chains: 2, step: "a = a * x + y" },
  { type: "vec4f", chains: 3, step: "a = a * x + y" },
  { type: "vec4f", chains: 4, step: "a = a * x + y" },
  { type: "vec4f", chains: 4, step: "a = fma(a, x, y)" },
  { type: "vec4f", chains: 8, step: "a = fma(a, x, y)" },
] as const;

const THREADS = 64;
const UNROLLED = 4;

function source({ type, chains, step }: (typeof FORMS)[number]): string {
  const each = (line: (chain: string, index: number) => string) =>
    Array.from({ length: chains }, (_, index) => line(`a${index}`, index)).join(" ");
  const block = each((chain) => `${step.replaceAll(/\ba\b/g, chain)};`);
  return `
@group(0) @binding(0) var<storage, read_write> result: array<${type}>;
override STEPS: u32;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let x = ${type}(0.999 + f32(thread.x) * 1e-9);
  let y = ${type}(f32(thread.x) * 1e-7);
  ${each((chain, index) => `var ${chain} = ${type}(f32(thread.x + ${index}u));`)}
  for (var i = 0u; i < STEPS; i++) { ${block.repeat(UNROLLED)} }
  result[thread.x] = ${each((chain, index) => (index > 0 ? `+ ${chain}` : chain))};
}`;
}

/** Giga floating point operations per second: two per multiply-add, the best of several forms and repeats. */
export async function measurePeak(gpu: GPUDevice, repeats = 3): Promise<number> {
  const buffer = gpu.createBuffer({ size: 2 ** 22, usage: GPUBufferUsage.STORAGE });
  let best = 0;
  for (const form of FORMS) {
    const module = gpu.createShaderModule({ code: source(form) });
    // Long enough to be measured by a wall clock, short enough for any watchdog.
    let [steps, workgroups] = [1024, 64];
    for (let run = 0; run <= repeats; run++) {
      const pipeline = await gpu.createComputePipelineAsync({
        layout: "auto",
        compute: { module, entryPoint: "main", constants: { STEPS: steps } },
      });
      const group = gpu.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer } }],
      });
      const start = performance.now();
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(workgroups);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
      await gpu.queue.onSubmittedWorkDone();
      const milliseconds = performance.now() - start;
      const width = form.type === "f32" ? 1 : 4;
      const flops = 2 * width * form.chains * UNROLLED * steps * workgroups * THREADS;
      if (run > 0) best = Math.max(best, flops / milliseconds / 1e6);
      // The first run tells how much work fills some 30 ms.
      if (run === 0) {
        const factor = Math.min(Math.max(30 / milliseconds, 0.1), 1000);
        workgroups = Math.min(1024, Math.max(8, Math.round(workgroups * Math.min(factor, 16))));
        steps = Math.round(steps * Math.max(1, factor / 16));
      }
    }
  }
  buffer.destroy();
  return best;
}
