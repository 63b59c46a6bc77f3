// The parameters of a dispatch as the bytes of its WGSL struct Params.
import { assert } from "../errors.js";
import type { Dispatch } from "../kernels/kernel.js";

/** Writes the fields in their order, four bytes each, from `at` on. */
export function writeParams(view: DataView, at: number, { shader, params }: Dispatch): void {
  shader.params.forEach(({ name, type }, field) => {
    const value = params[name];
    assert(value !== undefined, `${shader.file}: no value for parameter ${name}`);
    if (type === "f32") view.setFloat32(at + 4 * field, value, true);
    else if (type === "i32") view.setInt32(at + 4 * field, value, true);
    else view.setUint32(at + 4 * field, value, true);
  });
}
