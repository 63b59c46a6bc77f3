// GLiNER2Model: spans and classes for the fields of schemas. Loads the library's folders of the span architecture, runs tokens with the
// columns of words and schemas, gives scores. What schemas and words are is the task's affair.
import type { Source } from "../../checkpoint/source.js";
import { padded } from "../../kernels/kernel.js";
import type { ModelInputs } from "../inputs/types.js";
import { loadEngine } from "../load-engine.js";
import type { Checkpoint } from "../load/named-tensors.js";
import { readOptions } from "../../options.js";
import { LOAD_OPTIONS, type LoadOptions } from "../load/options.js";
import type { Tensor } from "../outputs.js";
import { zeros } from "../run/collect.js";
import type { ForwardOptions } from "../run/calls.js";
import type { PartResult } from "../run/engine.js";
import { backboneConfig } from "./backbone.js";
import { type Opened, openWithBase } from "./base-model.js";
import { COUNTS } from "./count-queries.js";
import { ExtractionModel, type RowKind } from "./extraction-model.js";
import { GLINER2_CONFIG, Gliner2Config } from "./gliner2-config.js";
import {
  gliner2Network,
  type Gliner2Request,
  type PlacedSchema,
  type Placement,
  placementOf,
  type SchemaParts,
  scoreColumns,
} from "./gliner2-network.js";
import { type Extent, extentsOf } from "./word-rows.js";

/** One schema of a text, by columns. */
export interface SchemaColumns {
  /** Spans for every instance that the model counts, for the first alone, or one class a field. */
  readonly kind: SchemaParts["kind"];
  /** Column of its own marker. */
  readonly prompt: number;
  /** Columns of the markers of its fields. */
  readonly fields: readonly number[];
}

/** A request: schemas and words of each text as tokens. */
export interface Gliner2Inputs extends ModelInputs {
  /** [B] the first column of every word. */
  readonly words: readonly (readonly number[])[];
  /** [B] its schemas. */
  readonly schemas: readonly (readonly SchemaColumns[])[];
}

/** What a schema got. All scores are those before the sigmoid (or softmax). */
export interface SchemaScores {
  /** [M]; empty unless classes were asked for. */
  readonly classes: Float32Array;
  /** Instances that the model counts, 0 to 19. */
  readonly count: number;
  /** [instances, M, L, K], −1e30 where a span passes its text's end. */
  readonly spans: Tensor;
}

/** What a request gives. */
export interface Gliner2Output {
  /** [B], by schema. */
  readonly schemas: readonly (readonly SchemaScores[])[];
}

/** Reads a GLiNER2's configs. @throws UnsupportedError and CheckpointError */
export const openGliner2 = (source: Source, options: LoadOptions): Promise<Opened<Gliner2Config>> =>
  openWithBase(source, options, GLINER2_CONFIG, (json) => new Gliner2Config(json));

/** A sequence's part of a run's outputs. */
interface Located {
  readonly part: PartResult<Gliner2Request>;
  readonly extent: Extent;
  readonly placement: Placement;
  readonly text: number;
}

/** A GLiNER2: entities, relations, classes and structures, by a schema in the prompt. */
export class GLiNER2Model extends ExtractionModel<Gliner2Inputs, Gliner2Request> {
  /** What config.json says. */
  readonly gliner: Gliner2Config;

  private constructor(engine: GLiNER2Model["engine"], gliner: Gliner2Config) {
    super(engine);
    this.gliner = gliner;
  }

  /**
   * Loads config.json, the encoder's config and weights.
   * @throws as `DebertaV2PreTrainedModel.fromPretrained`
   */
  static async fromPretrained(source: Source, given: LoadOptions = {}): Promise<GLiNER2Model> {
    const options = readOptions("GLiNER2Model.fromPretrained", given, LOAD_OPTIONS);
    return GLiNER2Model.load(await openGliner2(source, options), options);
  }

  static async load(
    { folder, config: gliner, base }: Opened<Gliner2Config>,
    options: LoadOptions,
  ): Promise<GLiNER2Model> {
    const engine = await loadEngine<Gliner2Request, GLiNER2Model["engine"]["network"]>(folder, options, () =>
      Promise.resolve((checkpoint: Checkpoint) => gliner2Network(backboneConfig(base.backbone, checkpoint), gliner)),
    );
    return new GLiNER2Model(engine, gliner);
  }

  /**
   * @throws TypeError or RangeError for bad inputs, before anything is sent to the GPU; DisposedError, DeviceError
   */
  async forward(inputs: Gliner2Inputs, options: ForwardOptions = {}): Promise<Gliner2Output> {
    await this.reloaded();
    const request = this.requestOf(inputs);
    return { schemas: this.scoresOf(request, await this.engine.forward(request, options)) };
  }

  override describe(): string {
    const { maxWidth, countingLayer, modelName } = this.gliner;
    return `GLiNER2 · spans of up to ${maxWidth} words · ${countingLayer} · schemas in the prompt · backbone ${modelName}\n${super.describe()}`;
  }

  protected over(engine: GLiNER2Model["engine"]): this {
    return new GLiNER2Model(engine, this.gliner) as this;
  }

  protected requestOf({ words, schemas, ...model }: Gliner2Inputs): Gliner2Request {
    const checked = this.check(model);
    if (words.length !== checked.batch || schemas.length !== checked.batch)
      throw new TypeError(`words and schemas: one list for each of ${checked.batch} sequences is expected`);
    const parts = checked.rows.map(({ length }, text) => {
      const place = (column: number) => {
        if (!Number.isInteger(column) || column < 0 || column >= length)
          throw new RangeError(`column ${column} is outside sequence ${text} of ${length} tokens`);
        return [column, 1] as const;
      };
      return {
        words: words[text]!.map(place),
        labels: schemas[text]!.flatMap(({ prompt, fields }) => [prompt, ...fields].map(place)),
      };
    });
    return {
      ...checked,
      parts,
      schemas: schemas.map((own) => own.map(({ kind, fields }) => ({ kind, fields: fields.length }))),
    };
  }

  protected rowsOf(name: string): RowKind | undefined {
    const width = this.config.hiddenSize;
    if (name === "token_embeddings") return { rows: "tokens", width };
    return name === "words" ? { rows: "words", width } : undefined;
  }

  /**
   * Beside words and tokens: what every schema got, numbered as the library does, without and with classes by themselves; then by text
   * all queries one after another, [B, Q, D], and their spans' scores, [B, Q, L, K].
   */
  protected override partsOf(
    request: Gliner2Request,
    parts: readonly PartResult<Gliner2Request>[],
  ): Map<string, Tensor> {
    const values = super.partsOf(request, parts);
    const D = this.config.hiddenSize;
    const [inputs, counts]: Float32Array[][] = [[], []];
    let [counted, classified] = [0, 0];
    const located = this.located(request, parts);
    const perText: { query: Float32Array; scores: Float32Array }[][] = located.map(() => []);
    for (const [text, scores] of this.scoresOf(request, parts).entries()) {
      const at = located[text];
      if (!at) continue;
      scores.forEach(({ classes, count, spans }, index) => {
        const schema = at.placement.schemas[at.text]![index]!;
        const M = schema.fields;
        if (schema.kind === "classes") {
          values.set(`${classified++}.class_logits`, { data: classes, shape: [M] });
          return;
        }
        const vectors = this.plainRows(at.part.outputs.get("prompts")!, schema.row, M + 1, D);
        inputs!.push(vectors.subarray(0, D));
        counts!.push(at.part.outputs.get("counts")!.slice(schema.row * COUNTS, (schema.row + 1) * COUNTS));
        values.set(`${counted}.field_embeddings`, { data: vectors.slice(D), shape: [M, D] });
        const queries = zeros(count, M, D);
        for (let instance = 0; instance < count; instance++) {
          const first = at.placement.firstFields[at.text]! + schema.place;
          const rows = this.plainRows(at.part.outputs.get(`queries.${instance}`)!, first, M, D);
          queries.data.set(rows, instance * M * D);
        }
        values.set(`${counted++}.queries`, queries);
        const each = at.extent.words * this.gliner.maxWidth;
        for (let query = 0; query < (schema.kind === "first" ? Math.min(1, count) : count) * M; query++)
          perText[text]!.push({
            query: queries.data.subarray(query * D, (query + 1) * D),
            scores: spans.data.subarray(query * each, (query + 1) * each),
          });
      });
    }
    const Q = Math.max(0, ...perText.map(({ length }) => length));
    const L = Math.max(0, ...request.parts.map(({ words }) => words.length));
    const [allQueries, allSpans] = [zeros(request.batch, Q, D), zeros(request.batch, Q, L, this.gliner.maxWidth)];
    allSpans.data.fill(-1e30);
    perText.forEach((own, text) =>
      own.forEach(({ query, scores }, index) => {
        allQueries.data.set(query, (text * Q + index) * D);
        allSpans.data.set(scores, (text * Q + index) * L * this.gliner.maxWidth);
      }),
    );
    values.set("span_queries", allQueries);
    values.set("span_logits", allSpans);
    const joined = (rows: readonly Float32Array[], width: number): Tensor => {
      const tensor = zeros(rows.length, width);
      rows.forEach((row, index) => tensor.data.set(row, index * width));
      return tensor;
    };
    values.set("count_inputs", joined(inputs!, D));
    values.set("count_logits", joined(counts!, COUNTS));
    return values;
  }

  private plainRows(data: Float32Array, first: number, count: number, width: number): Float32Array {
    const stride = padded(width, 4);
    const rows = new Float32Array(count * width);
    for (let row = 0; row < count; row++)
      rows.set(data.subarray((first + row) * stride, (first + row) * stride + width), row * width);
    return rows;
  }

  /** Where each text of a request was computed; undefined for one without any attended column. */
  private located(
    { batch }: Gliner2Request,
    parts: readonly PartResult<Gliner2Request>[],
  ): readonly (Located | undefined)[] {
    const found = Array.from({ length: batch }, (): Located | undefined => undefined);
    for (const part of parts) {
      const placement = placementOf(part, part.outputs.get("counts")!);
      extentsOf(part).forEach((extent, text) => (found[extent.source] = { part, extent, placement, text }));
    }
    return found;
  }

  private scoresOf(request: Gliner2Request, parts: readonly PartResult<Gliner2Request>[]): SchemaScores[][] {
    return this.located(request, parts).map((at, index) =>
      at
        ? at.placement.schemas[at.text]!.map((schema) => this.schemaScores(at, schema))
        : request.schemas[index]!.map(() => ({
            classes: new Float32Array(0),
            count: 0,
            spans: zeros(0, 0, 0, this.gliner.maxWidth),
          })),
    );
  }

  private schemaScores({ part, extent, placement }: Located, schema: PlacedSchema): SchemaScores {
    const { outputs } = part;
    const K = this.gliner.maxWidth;
    const { kind, row, fields: M, count, scored, place } = schema;
    const L = extent.words;
    const spans = zeros(scored, M, kind === "classes" ? 0 : L, K);
    for (let instance = 0; instance < scored; instance++) {
      const scores = outputs.get(`scores.${instance}`)!; // [words, K, columns]
      const columns = scoreColumns(placement.alive[instance]!);
      for (let field = 0; field < M; field++) {
        const to = (instance * M + field) * L * K;
        for (let at = 0; at < L * K; at++)
          spans.data[to + at] = scores[(extent.firstWord * K + at) * columns + place + field]!;
      }
    }
    const classes =
      kind === "classes"
        ? Float32Array.from({ length: M }, (_, field) => outputs.get("classes")![4 * (row + 1 + field)]!)
        : new Float32Array(0);
    return { classes, count, spans };
  }
}
