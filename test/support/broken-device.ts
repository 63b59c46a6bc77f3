// A real device whose driver changes shaders, as a broken one would.
import { Device } from "../../src/runtime/device.js";

/** `change` gets the text of every shader and returns what is compiled in its place; `changed` counts where they differ. */
export async function brokenDevice(
  change: (code: string) => string,
): Promise<{ device: Device; changed: { count: number } }> {
  const { gpu } = await Device.request();
  const changed = { count: 0 };
  const create = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = (descriptor) => {
    const code = change(descriptor.code);
    if (code !== descriptor.code) changed.count++;
    return create({ ...descriptor, code });
  };
  return { device: Device.of(gpu), changed };
}
