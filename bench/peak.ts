// The adapter's arithmetic ceiling: multiply-adds on registers and nothing else, in the best of a few forms. What the
// benches are measured against, again and again between their own runs: on a busy machine both then have the same share of it.

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
const REPEATS = 3;

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

/** The form that was fastest, ready to be timed again. */
export interface Ceiling {
  /** Giga floating point operations per second, two per multiply-add: the best of several forms and repeats. */
  readonly gflops: number;
  /** The same of the fastest form, now. */
  measure(): Promise<number>;
}

/** Finds the fastest form. */
export async function measureCeiling(gpu: GPUDevice): Promise<Ceiling> {
  let best: Ceiling = { gflops: 0, measure: () => Promise.resolve(0) };
  for (const form of FORMS) {
    const measure = await timedForm(gpu, form);
    for (let run = 0; run < REPEATS; run++) {
      const gflops = await measure();
      if (gflops > best.gflops) best = { gflops, measure };
    }
  }
  return best;
}

/** A form with as much work as fills some 30 ms: long enough for a wall clock, short enough for any watchdog. */
async function timedForm(gpu: GPUDevice, form: (typeof FORMS)[number]): Promise<() => Promise<number>> {
  const module = gpu.createShaderModule({ code: source(form) });
  const buffer = gpu.createBuffer({ size: 2 ** 22, usage: GPUBufferUsage.STORAGE });
  const width = form.type === "f32" ? 1 : 4;
  const sized = async (steps: number, workgroups: number) => {
    const pipeline = await gpu.createComputePipelineAsync({
      layout: "auto",
      compute: { module, entryPoint: "main", constants: { STEPS: steps } },
    });
    const group = gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    });
    return async () => {
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
      const flops = 2 * width * form.chains * UNROLLED * steps * workgroups * THREADS;
      return { milliseconds, gflops: flops / milliseconds / 1e6 };
    };
  };
  const [steps, workgroups] = [1024, 64];
  const first = await sized(steps, workgroups);
  await first(); // compiles
  const factor = Math.min(Math.max(30 / (await first()).milliseconds, 0.1), 1000);
  const full = await sized(
    Math.round(steps * Math.max(1, factor / 16)),
    Math.min(1024, Math.max(8, Math.round(workgroups * Math.min(factor, 16)))),
  );
  await full();
  return async () => (await full()).gflops;
}
