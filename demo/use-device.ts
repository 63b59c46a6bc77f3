// The name of the GPU, as the browser tells it, for the header and the line below a result.
import { useEffect, useState } from "preact/hooks";

export interface DeviceName {
  readonly name: string;
  /** Whether the processor does the GPU's work. */
  readonly isSoftware: boolean;
}

export function useDevice(): DeviceName | undefined {
  const [device, setDevice] = useState<DeviceName>();
  useEffect(() => {
    void findDevice().then(setDevice, () => undefined);
  }, []);
  return device;
}

async function findDevice(): Promise<DeviceName | undefined> {
  const gpu = navigator.gpu as GPU | undefined;
  const info = (await gpu?.requestAdapter())?.info;
  if (!info) return undefined;
  const isSoftware =
    info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${info.architecture} ${info.description}`);
  const words = [info.vendor, info.architecture].filter(Boolean).join(" ");
  return { name: isSoftware ? "Processor" : info.description || words || "GPU", isSoftware };
}
