// GLiNER2 as a value that the engine runs, in two graphs: backbone → vectors of words and of the schemas' parts, counts and classes;
// then, counts being known, queries for every instance and the scores of spans.
import { f32, padded } from "../../kernels/kernel.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { Builder } from "../deberta/layers.js";
import { plainAxis } from "../deberta/sizes.js";
import type { Network, PackedRun, RunJob } from "../run/network.js";
import { COUNTS, countQueries, queryTables } from "./count-queries.js";
import { mlp } from "./dense.js";
import type { Gliner2Config } from "./gliner2-config.js";
import { type SpanHead, spanLabels, spanLogits, spanSides, spanWordTable } from "./span-head.js";
import { wordNetwork } from "./word-network.js";
import { type ExtractionRequest, extentsOf, rounded, sizesOf } from "./word-rows.js";

/** What is asked of one schema: spans for its fields, those of the first instance alone, or a class among them. */
export interface SchemaParts {
  readonly kind: "instances" | "first" | "classes";
  readonly fields: number;
}

/** A checked request. A text's labels are, schema by schema, the schema's own vector and those of its fields. */
export interface Gliner2Request extends ExtractionRequest {
  readonly schemas: readonly (readonly SchemaParts[])[];
}

/** A schema in a run. */
export interface PlacedSchema extends SchemaParts {
  /** Row of the schema's own vector; its fields follow. */
  readonly row: number;
  /** Instances that the model counts, for all but classes. */
  readonly count: number;
  /** Instances whose spans are scored. */
  readonly scored: number;
  /** Row of its first field among the text's fields in the second graph, which lie by falling `scored`. */
  readonly place: number;
}

/** Where a run's schemas lie, by sequence, and the sizes of the second graph. */
export interface Placement {
  readonly schemas: readonly (readonly PlacedSchema[])[];
  /** First field of every sequence in the second graph, and all fields. */
  readonly firstFields: readonly number[];
  readonly fields: number;
  /** By instance: fields of each sequence that have it. */
  readonly alive: readonly (readonly number[])[];
}

export function placementOf(run: PackedRun<Gliner2Request>, counts: Float32Array): Placement {
  const extents = extentsOf(run);
  const firstFields: number[] = [];
  let fields = 0;
  const schemas = extents.map(({ source, firstLabel }) => {
    let row = firstLabel;
    const own = run.inputs.schemas[source]!.map((schema) => {
      const count = schema.kind === "classes" ? 0 : largestOf(counts.subarray(row * COUNTS, (row + 1) * COUNTS));
      const scored = schema.kind === "first" && !run.inputs.inspected ? Math.min(1, count) : count;
      const placed = { ...schema, row, count, scored, place: 0 };
      row += 1 + schema.fields;
      return placed;
    });
    firstFields.push(fields);
    const first = fields;
    for (const schema of own.toSorted((a, b) => b.scored - a.scored)) {
      schema.place = fields - first;
      if (schema.scored > 0) fields += schema.fields;
    }
    return own;
  });
  const most = Math.max(0, ...schemas.flat().map(({ scored }) => scored));
  const alive = Array.from({ length: most }, (_, instance) =>
    schemas.map((own) => own.reduce((sum, { scored, fields: each }) => sum + (scored > instance ? each : 0), 0)),
  );
  return { schemas, firstFields, fields, alive };
}

const largestOf = (values: Float32Array): number => values.indexOf(values.reduce((a, b) => Math.max(a, b), -Infinity));

/** Columns of the scores of an instance: those of the sequence that has most fields left, rounded up. */
export const scoreColumns = (alive: readonly number[]): number => Math.max(4, padded(Math.max(...alive), 4));

export function gliner2Network(config: DebertaV2Config, gliner: Gliner2Config): Network<Gliner2Request> {
  const D = config.hiddenSize;
  const spanHead: SpanHead = {
    mode: "markerV0",
    prefix: "span_rep.span_rep_layer",
    size: D,
    widths: gliner.maxWidth,
  };
  const width = padded(D, 4);

  /** Words and fields → scores by instance; `columns` of each. */
  function scoreGraph(b: Builder, rows: { words: number; fields: number }, columns: readonly number[]): void {
    const { graph } = b;
    graph.scope("spans", () => {
      const states = graph.input("spanWords", f32(rows.words, width));
      const fields = graph.input("spanFields", f32(rows.fields, width));
      const sides = spanSides(b, spanHead, { states, axis: plainAxis(D), texts: 1 });
      countQueries(b, gliner.countingLayer, fields, columns.length).forEach((queries, instance) => {
        graph.output(`queries.${instance}`, queries);
        graph.scope(`instance.${instance}`, () => {
          const side = spanLabels(b, spanHead, queries);
          const words = spanWordTable(b, sides, `spanTable.${instance}`);
          graph.output(`scores.${instance}`, spanLogits(b, spanHead, sides, side, words, columns[instance]!));
        });
      });
    });
  }

  async function finish(
    run: PackedRun<Gliner2Request>,
    outputs: Map<string, Float32Array>,
    runJob: RunJob,
  ): Promise<void> {
    const placement = placementOf(run, outputs.get("counts")!);
    const { schemas, firstFields, alive } = placement;
    if (alive.length === 0) return;
    const extents = extentsOf(run);
    const { words } = sizesOf(extents);
    const rows = { words, fields: rounded(placement.fields) };
    const columns = alive.map(scoreColumns);
    const spanFields = new Float32Array(rows.fields * width);
    const bounds = new Uint32Array(2 * rows.fields);
    const vectors = outputs.get("prompts")!;
    const tables: Record<string, Uint32Array> = Object.fromEntries(
      alive.map((_, instance) => [`spanTable.${instance}`, new Uint32Array(3 * words)]),
    );
    extents.forEach(({ firstWord, words: count }, text) => {
      for (const { row, fields, scored, place } of schemas[text]!) {
        if (scored === 0) continue;
        const first = firstFields[text]! + place;
        spanFields.set(vectors.subarray((row + 1) * width, (row + 1 + fields) * width), first * width);
        for (let field = first; field < first + fields; field++) bounds.set([first, first + fields], 2 * field);
      }
      alive.forEach((left, instance) => {
        const table = tables[`spanTable.${instance}`]!;
        const entry = [firstFields[text]!, left[text]!, firstWord + count];
        for (let word = firstWord; word < firstWord + count; word++) table.set(entry, 3 * word);
      });
    });
    const given = { ...tables, ...queryTables(bounds), spanFields, spanWords: outputs.get("words")! };
    const build = () => {
      const b = new Builder(config);
      scoreGraph(b, rows, columns);
      return b;
    };
    const job = { key: JSON.stringify(["gliner2 spans", rows, columns]), build };
    for (const [name, value] of await runJob(job, given)) outputs.set(name, value);
  }

  return wordNetwork<Gliner2Request>({
    name: "gliner2",
    config,
    width: D,
    pooling: "mean",
    lstm: undefined,
    hostLstm: false,
    sample: (length) => ({
      parts: [
        {
          words: Array.from({ length: length - 8 }, (_, i) => [8 + i, 1] as const),
          labels: [1, 3, 5].map((column) => [column, 1] as const),
        },
      ],
      schemas: [[{ kind: "instances", fields: 2 }]],
    }),
    tokens: (_, states) => states.last,
    head(b, { labels }) {
      b.graph.scope("head", () => {
        const sizes = { input: plainAxis(D), inner: 2 * D, last: 2 };
        b.graph.output("counts", mlp(b, "counts", labels, "count_pred", { ...sizes, output: COUNTS }));
        b.graph.output("classes", mlp(b, "classes", labels, "classifier", { ...sizes, output: 1 }));
      });
    },
    more: { readsRows: true, later: (b) => scoreGraph(b, { words: 4, fields: 4 }, [4]), finish },
  });
}
