// The kernels of kernel-shapes.ts as a device with given capabilities would run them: what lab.mjs has compiled.
import { type Capabilities, planMatmul } from "deberta-webgpu/runtime";
import { dispatchOf, KERNEL_SHAPES } from "./kernel-shapes.js";

export interface LabShader {
  readonly name: string;
  readonly text: string;
  readonly workgroups: readonly number[];
  readonly flops: number;
  readonly plan: string | undefined;
  /** Share of the multiply-adds that rows and columns beyond the product's do not waste. */
  readonly useful: number;
}

/** One shader a kernel. `capabilities`: what differs from a device with default limits and no subgroups. */
export default function labShaders(capabilities: Partial<Capabilities>): LabShader[] {
  const device: Capabilities = {
    subgroupSize: 0,
    software: false,
    workgroupThreads: 256,
    bindingBytes: 2 ** 30,
    workgroupsPerDimension: 65535,
    vendor: "",
    architecture: "",
    ...capabilities,
  };
  return KERNEL_SHAPES.map((shape) => {
    const { name, product } = shape;
    const { shader, workgroups, work, plan } = dispatchOf(shape, device);
    let useful = 1;
    if (product) {
      const tile = planMatmul(product, device);
      const computed = workgroups[0] * workgroups[1] * tile.threads[0] * tile.threads[1] * 4 * tile.vectors * tile.rows;
      useful = (product.rows * product.columns) / computed;
    }
    return { name, text: shader.text, workgroups, flops: work.flops, plan, useful };
  });
}
