// What a run uploads besides attention's tables: rows of the embedding tables, picked and summed on the host.
import { padded } from "../../kernels/kernel.js";
import type { Inputs } from "../../runtime/steps.js";
import type { EmbeddingTables } from "../load/embeddings.js";
import type { PackedRun } from "./network.js";
import type { AskedRow, Sequence } from "./sequences.js";
import type { CheckedInputs, CheckedRow } from "../inputs/types.js";
import type { DebertaV2Config } from "../deberta/config.js";

/** The rows of the word table that a request names. */
export function* wordRows(inputs: CheckedInputs): Generator<number> {
  for (const { ids } of inputs.rows) yield* ids ?? [];
}

/** The attention tables and the sums of word, position and type rows [T, E], each row padded. */
export function encoderInputs(
  { config }: { readonly config: DebertaV2Config },
  { inputs, sequences, packed: { shape, tables: attention, firstRows } }: PackedRun,
  tables: EmbeddingTables,
): Inputs {
  const width = padded(config.embeddingSize, 4);
  const embeddings = new Float32Array(shape.rows * width);
  sequences.forEach((sequence, index) => {
    const row = inputs.rows[sequence.source]!;
    addEmbeddings(tables, config.positionBiasedInput, row, sequence, embeddings, width, firstRows[index]!);
  });
  return { ...attention, embeddings };
}

/** Rows of the table of absolute positions [R, D] for the asked rows, or for all: what the mask decoder adds. */
export function positionInputs(
  config: DebertaV2Config,
  { inputs, sequences, asked, packed: { shape } }: PackedRun,
  tables: EmbeddingTables,
): Inputs {
  const set = shape.asked ?? shape.all;
  const stride = padded(config.hiddenSize, 4);
  const positions = new Float32Array(set.rows * stride);
  const every = (): AskedRow[] =>
    sequences.flatMap(({ length }, sequence) => Array.from({ length }, (_, column) => ({ sequence, column })));
  (asked ?? every()).forEach(({ sequence, column }, row) => {
    const { source, from } = sequences[sequence]!;
    const position = inputs.rows[source]!.positions?.[from + column] ?? from + column;
    positions.set(tables.positions!.row(position), row * stride);
  });
  return { [`${set.name}.positions`]: positions };
}

/** Columns [from, from + length) of a checked row as rows of `target` [*, stride] from `firstRow` on: word + position + type. */
function addEmbeddings(
  tables: EmbeddingTables,
  biased: boolean,
  row: CheckedRow,
  { from, length }: Pick<Sequence, "from" | "length">,
  target: Float32Array,
  stride: number,
  firstRow: number,
): void {
  const { words, positions, types } = tables;
  const { width } = words;
  for (let i = 0; i < length; i++) {
    const column = from + i;
    const at = (firstRow + i) * stride;
    target.set(row.embeds?.subarray(column * width, (column + 1) * width) ?? words.row(row.ids![column]!), at);
    if (biased && positions) add(positions.row(row.positions?.[column] ?? column), target, at);
    if (types) add(types.row(row.types?.[column] ?? 0), target, at);
  }
}

function add(values: Float32Array, target: Float32Array, at: number): void {
  for (let i = 0; i < values.length; i++) target[at + i]! += values[i]!;
}
