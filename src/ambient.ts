// What the package's declarations take for granted, for users' TypeScript 5.4 and newer: some compilers lack WebGPU's names, and
// @webgpu/types clashes with those that have them. These interfaces merge with either.
/// <reference lib="esnext.disposable" preserve="true" />
declare global {
  interface GPUDevice {
    label: string;
  }
  interface GPUBuffer {
    label: string;
  }
  interface GPUCommandEncoder {
    label: string;
  }
  interface GPUBindGroupLayout {
    label: string;
  }
  interface GPUComputePipeline {
    label: string;
  }
  interface GPUComputePassEncoder {
    label: string;
  }
}
export {};
