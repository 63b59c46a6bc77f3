// A GPUDevice without a GPU that computes: each dispatch on the float64 twin of its kernel, in buffers that hold bytes. So models
// load, run and answer on devices whose limits and features no test machine has. What it is asked for is held against those.
import { byteLength, type Kernel, type TensorType } from "../../src/kernels/kernel.js";
import { packWeights } from "../../src/kernels/pack-weights.js";
import { Graph, type Value } from "../../src/runtime/graph.js";
import { writeParams } from "../../src/runtime/params.js";
import { TWINS } from "../../src/self-test/reference/ops.js";
import { type Bindings, type StubBuffer, type StubCopy, type StubDispatch, StubGpu } from "./stub-gpu.js";

/** What a dispatch was planned to compute. */
interface Meaning {
  readonly kernel: Kernel;
  readonly inputs: readonly TensorType[];
  readonly attrs: object;
}

/** A GPU knows a dispatch by its shader, parameters, grid and sizes: so are the meanings found again. */
const meanings = new Map<string, { readonly paramBytes: number; readonly byUse: Map<string, Meaning> }>();

const useOf = (params: Uint8Array, workgroups: readonly number[], sizes: readonly number[]): string =>
  [params, workgroups, sizes].map((numbers) => numbers.join()).join(" ");

const PACKING: Kernel = packWeights;
const observed = new WeakSet<Kernel>();

/** Notes what each dispatch of a kernel means. */
function observe(kernel: Kernel): void {
  if (observed.has(kernel)) return;
  observed.add(kernel);
  const plan = kernel.dispatch.bind(kernel);
  kernel.dispatch = (inputs, attrs, device) => {
    const dispatch = plan(inputs, attrs, device);
    const { shader, workgroups } = dispatch;
    const known = meanings.get(shader.text) ?? {
      paramBytes: 4 * shader.params.length,
      byUse: new Map<string, Meaning>(),
    };
    meanings.set(shader.text, known);
    const params = new Uint8Array(known.paramBytes);
    writeParams(new DataView(params.buffer), 0, dispatch);
    // Packing binds whole buffers, whatever lies in them.
    const sizes = kernel === PACKING ? [] : [kernel.result(inputs, attrs), ...inputs].map(byteLength);
    known.byUse.set(useOf(params, workgroups, sizes), { kernel, inputs, attrs });
    return dispatch;
  };
}

observe(PACKING);
const graphs = Graph.prototype as unknown as {
  add: (this: Graph, name: string, kernel: Kernel, ...rest: unknown[]) => Value;
};
const { add } = graphs;
graphs.add = function (name, kernel, ...rest) {
  observe(kernel);
  return add.call(this, name, kernel, ...rest);
};

/** The extensions of WGSL by the feature that allows them. */
const FEATURE_OF: Readonly<Record<string, string>> = {
  subgroups: "subgroups",
  subgroup_size_control: "subgroup-size-control",
  f16: "shader-f16",
};
const ELEMENT_BYTES: Readonly<Record<string, number>> = { f32: 4, u32: 4, vec4f: 16 };

export class ComputingGpu extends StubGpu {
  override createBindGroupLayout(descriptor: Parameters<StubGpu["createBindGroupLayout"]>[0]): object {
    const storage = descriptor.entries.filter(({ buffer }) => buffer.type !== "uniform").length;
    this.hold("storage buffers", storage, this.limits.maxStorageBuffersPerShaderStage);
    return super.createBindGroupLayout(descriptor);
  }

  override createBindGroup(descriptor: Parameters<StubGpu["createBindGroup"]>[0]): Bindings {
    const bindings = super.createBindGroup(descriptor);
    for (const { size, buffer } of bindings) {
      this.hold(`the binding of ${buffer.label}`, size, this.limits.maxStorageBufferBindingSize);
      if (size > buffer.size) this.fail("validation", `${size} bytes of ${buffer.label}, which has ${buffer.size}`);
    }
    return bindings;
  }

  /** Refuses what the device's features and limits do not allow. */
  override async createComputePipelineAsync(
    descriptor: Parameters<StubGpu["createComputePipelineAsync"]>[0],
  ): Promise<{ shader?: string }> {
    const { shader } = descriptor.compute.module;
    const code = shader.replace(/\/\/.*/g, "");
    const valueOf = (text: string): number =>
      Number(/^\d+/.exec(text)?.[0] ?? new RegExp(`const ${text} = (\\d+)u?;`).exec(code)?.[1]);
    const refuse = (why: string): never => {
      throw new DOMException(why, "OperationError");
    };
    for (const [, name] of code.matchAll(/enable (\w+);/g))
      if (!this.features.has(FEATURE_OF[name!] ?? name!)) refuse(`${name} is not enabled`);
    const size = /@workgroup_size\(([^)]*)\)/
      .exec(code)![1]!
      .split(",")
      .map((text) => valueOf(text.trim()));
    const { limits } = this;
    const sides = [limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY, limits.maxComputeWorkgroupSizeZ];
    const threads = size.reduce((product, side) => product * side, 1);
    if (!(threads <= limits.maxComputeInvocationsPerWorkgroup) || size.some((side, axis) => side > sides[axis]!))
      refuse(`workgroups of ${size.join(" × ")}`);
    const arrays = [...code.matchAll(/var<workgroup> \w+: array<(\w+), (\w+)>;/g)];
    const memory = arrays.reduce((sum, [, type, count]) => sum + ELEMENT_BYTES[type!]! * valueOf(count!), 0);
    if (!(memory <= limits.maxComputeWorkgroupStorageSize)) refuse(`${memory} bytes of workgroup memory`);
    return super.createComputePipelineAsync(descriptor);
  }

  protected override write(buffer: StubBuffer, at: number, data: ArrayBuffer | ArrayBufferView): void {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    if (at + bytes.length > buffer.size) this.fail("validation", `writeBuffer behind the end of ${buffer.label}`);
    else buffer.contents.set(bytes, at);
  }

  protected override copy({ from, fromAt, to, toAt, size }: StubCopy): void {
    to.contents.set(from.contents.subarray(fromAt, fromAt + size), toAt);
  }

  protected override dispatch({ shader, tensors, params, workgroups }: StubDispatch): void {
    for (const count of workgroups) this.hold("workgroups", count, this.limits.maxComputeWorkgroupsPerDimension);
    if (params.at % this.limits.minUniformBufferOffsetAlignment !== 0) this.fail("validation", "offset of parameters");
    const { paramBytes, byUse } = meanings.get(shader)!;
    const given = params.buffer.contents.subarray(params.at, params.at + paramBytes);
    const sizes = tensors.map(({ size }) => size);
    const meaning = byUse.get(useOf(given, workgroups, sizes)) ?? byUse.get(useOf(given, workgroups, []));
    if (!meaning) throw new Error(`a dispatch that nobody planned: ${shader.slice(0, 80)}`);
    const { kernel, inputs, attrs } = meaning;
    const [into, ...operands] = tensors.map(({ buffer: { contents }, size }) => ({ bytes: contents.buffer, size }));
    const named = inputs.map((type, i) => {
      const { bytes, size } = operands[i]!;
      const data = type.dtype === "u32" ? new Uint32Array(bytes, 0, size >> 2) : new Float32Array(bytes, 0, size >> 2);
      return [kernel.operands[i]!, { type, data }] as const;
    });
    const result = new Float32Array(into!.bytes, 0, into!.size >> 2);
    const y = Float64Array.from(result);
    TWINS[kernel.name]!(Object.fromEntries(named), attrs as never, y);
    result.set(y);
  }

  private hold(what: string, value: number, limit: number): void {
    if (value > limit) this.fail("validation", `${what}: ${value}, the limit is ${limit}`);
  }
}
