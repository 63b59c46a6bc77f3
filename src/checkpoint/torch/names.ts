// The names that a pickle of tensors may ask for, and what those of element types mean. They are the ones that torch's own
// safe loader (weights_only) knows by default; torch/_weights_only_unpickler.py.
import type { FileDType } from "../tensor-entry.js";

/** An element type of a storage; those without a dtype are only counted, so that what lies behind them is found. */
export interface ElementType {
  readonly dtype: FileDType | undefined;
  readonly bytes: number;
}

const element = (bytes: number, dtype?: FileDType): ElementType => ({ dtype, bytes });

/** By the name of the storage's class in the module torch. */
export const STORAGE_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ["FloatStorage", element(4, "F32")],
  ["HalfStorage", element(2, "F16")],
  ["BFloat16Storage", element(2, "BF16")],
  ["DoubleStorage", element(8, "F64")],
  ["LongStorage", element(8, "I64")],
  ["IntStorage", element(4, "I32")],
  ["ShortStorage", element(2, "I16")],
  ["CharStorage", element(1, "I8")],
  ["ByteStorage", element(1, "U8")],
  ["BoolStorage", element(1, "BOOL")],
  ["ComplexFloatStorage", element(8, "C64")],
  ["ComplexDoubleStorage", element(16)],
  ["QUInt8Storage", element(1)],
  ["QInt8Storage", element(1)],
  ["QInt32Storage", element(4)],
]);

/** A storage whose elements are bytes; its tensors tell their own types. */
export const UNTYPED = "torch.storage.UntypedStorage";
export const BYTE: ElementType = element(1, "U8");

/** By name in the module torch: the types of tensors over untyped storages. */
export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ["float32", element(4, "F32")],
  ["float16", element(2, "F16")],
  ["bfloat16", element(2, "BF16")],
  ["float64", element(8, "F64")],
  ["int64", element(8, "I64")],
  ["int32", element(4, "I32")],
  ["int16", element(2, "I16")],
  ["int8", element(1, "I8")],
  ["uint64", element(8, "U64")],
  ["uint32", element(4, "U32")],
  ["uint16", element(2, "U16")],
  ["uint8", element(1, "U8")],
  ["bool", element(1, "BOOL")],
  ["complex64", element(8, "C64")],
  ["complex128", element(16)],
  ["float8_e5m2", element(1, "F8_E5M2")],
  ["float8_e4m3fn", element(1, "F8_E4M3")],
  ["float8_e4m3fnuz", element(1, "F8_E4M3FNUZ")],
  ["float8_e5m2fnuz", element(1, "F8_E5M2FNUZ")],
  ["float8_e8m0fnu", element(1, "F8_E8M0")],
]);

/** How pickles rebuild tensors: those that are read, and those that are refused by name when they are met as weights. */
export const REBUILDS = {
  tensor: "torch._utils._rebuild_tensor_v2",
  untyped: "torch._utils._rebuild_tensor_v3",
  parameters: ["torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state"],
} as const;

const NAMES: Readonly<Record<string, readonly string[]>> = {
  collections: ["OrderedDict", "Counter"],
  "torch._utils": [
    "_rebuild_tensor",
    "_rebuild_tensor_v2",
    "_rebuild_tensor_v3",
    "_rebuild_parameter",
    "_rebuild_parameter_with_state",
    "_rebuild_qtensor",
    "_rebuild_sparse_tensor",
    "_rebuild_meta_tensor_no_storage",
  ],
  "torch._tensor": ["_rebuild_from_type_v2"],
  "torch.nn.parameter": ["Parameter"],
  "torch.serialization": ["_get_layout"],
  "torch.storage": ["UntypedStorage", "TypedStorage"],
  torch: [
    ...STORAGE_TYPES.keys(),
    ...ELEMENT_TYPES.keys(),
    "Size",
    "Tensor",
    "device",
    "per_tensor_affine",
    "per_tensor_symmetric",
    "per_channel_affine",
    "per_channel_symmetric",
    "per_channel_affine_float_qparams",
  ],
  _codecs: ["encode"],
  builtins: ["bytearray", "set", "complex"],
  __builtin__: ["set"],
};
const ALLOWED: ReadonlySet<string> = new Set(
  Object.entries(NAMES).flatMap(([module, names]) => names.map((name) => `${module}\n${name}`)),
);

/** Whether a pickle may ask for a name. */
export function isAllowed(module: string, name: string): boolean {
  return ALLOWED.has(`${module}\n${name}`);
}
