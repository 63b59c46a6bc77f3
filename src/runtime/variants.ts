// What kernels do faster where a device can, and how a device looks without it. Tables and sizes are the same with and without,
// so a variant can go while models run. Pure.
import { type Capabilities, hasManyRegisters } from "../kernels/kernel.js";

export type Variant = "subgroups" | "vendor";

/** In words, for messages. */
export const VARIANT_NAMES: Readonly<Record<Variant, string>> = {
  subgroups: "subgroups",
  vendor: "matrix products for this vendor",
};

/** Which sets of variants are given up, the smallest first. */
export const FALLBACKS: readonly (readonly Variant[])[] = [["subgroups"], ["vendor"], ["subgroups", "vendor"]];

export function without(device: Capabilities, variants: readonly Variant[]): Capabilities {
  return {
    ...device,
    ...(variants.includes("subgroups") ? { subgroupSize: 0 } : {}),
    ...(variants.includes("vendor") ? { vendor: "", architecture: "", manyRegisters: hasManyRegisters(device) } : {}),
  };
}

/** Whether a device has all of these to give up. */
export function hasAll(device: Capabilities, variants: readonly Variant[]): boolean {
  return variants.every((variant) => (variant === "subgroups" ? device.subgroupSize > 0 : device.vendor !== ""));
}
