// The subpath deberta-webgpu/runtime: graphs, plans and kernels, for those who build something else with them.
import "./ambient.js";
export * from "./kernels/index.js";
export { Device } from "./runtime/device.js";
export { describe } from "./runtime/dispatches.js";
export { Graph, type Node, type Value } from "./runtime/graph.js";
export { type MemoryPlan, planMemory } from "./runtime/memory-plan.js";
export type { Pages } from "./runtime/pages.js";
export { compile, Plan, type ReadBack } from "./runtime/plan.js";
export type { StepTime } from "./runtime/profile.js";
export { acquireDevice } from "./runtime/shared-device.js";
export { Slots } from "./runtime/slots.js";
export type { Inputs, ResidentBuffers } from "./runtime/steps.js";
export { Residents } from "./runtime/weights.js";
