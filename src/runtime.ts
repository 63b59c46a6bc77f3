// The subpath deberta-webgpu/runtime: graphs, plans and kernels, for those who build something else with them.
export * from "./kernels/index.js";
export { acquireDevice, Device } from "./runtime/device.js";
export { Graph, type Node, type Value } from "./runtime/graph.js";
export { type MemoryPlan, planMemory } from "./runtime/memory-plan.js";
export {
  compile,
  describe,
  type Inputs,
  Plan,
  type ReadBack,
  type ResidentBuffers,
  type StepTime,
} from "./runtime/plan.js";
export { Slots } from "./runtime/slots.js";
export { Residents } from "./runtime/weights.js";
