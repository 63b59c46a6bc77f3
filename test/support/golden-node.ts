// Golden cases for tests in Node: config, batches and expected tensors of a folder under golden/models of the shared data.
import { readFileSync } from "node:fs";
import type { Tensor } from "../../src/model/outputs.js";

/** The shared data, where it lies beside the checkout. */
export const SHARED: string | undefined = process.env["SHARED"];

/** A batch of inputs.json, in Python's spelling. */
export interface GoldenBatch {
  readonly name: string;
  readonly input_ids?: number[][] | number[][][];
  readonly attention_mask?: number[][] | number[][][];
  readonly token_type_ids?: number[][] | number[][][];
  readonly position_ids?: number[][];
  /** A key of `expected`. */
  readonly inputs_embeds?: string;
  readonly labels?: number[] | number[][];
  readonly start_positions?: number[];
  readonly end_positions?: number[];
}

export interface GoldenCase {
  readonly name: string;
  readonly architecture: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The largest absolute difference allowed in float32. */
  readonly tolerance: Readonly<Record<string, number>>;
  readonly batches: readonly GoldenBatch[];
  /** The tensors of expected.safetensors by name, such as `padded/logits`. */
  readonly expected: ReadonlyMap<string, Tensor>;
}

/** All golden model cases; none in a clone without the shared data. */
export function goldenCases(): GoldenCase[] {
  if (!SHARED) return [];
  const index = readJson(`${SHARED}/golden/models/index.json`) as {
    cases: { name: string; architecture: string; tolerance32: Record<string, number> }[];
  };
  return index.cases.map(({ name, architecture, tolerance32 }) => {
    const folder = `${SHARED}/golden/models/${name}/`;
    return {
      name,
      architecture,
      tolerance: tolerance32,
      config: readJson(`${folder}config.json`) as GoldenCase["config"],
      batches: (readJson(`${folder}inputs.json`) as { batches: GoldenBatch[] }).batches,
      expected: readFloats(`${folder}expected.safetensors`),
    };
  });
}

/** Reads a JSON file. */
export function readJson(path: string | URL): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** All float32 tensors of a small safetensors file. */
function readFloats(path: string): Map<string, Tensor> {
  const bytes = readFileSync(path);
  const headerSize = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerSize)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const data = bytes.subarray(8 + headerSize);
  const floats = Object.entries(header).filter(([, entry]) => entry.dtype === "F32");
  return new Map(
    floats.map(
      ([
        name,
        {
          shape,
          data_offsets: [start, end],
        },
      ]) => [name, { shape, data: new Float32Array(new Uint8Array(data.subarray(start, end)).buffer) }],
    ),
  );
}
