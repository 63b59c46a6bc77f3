// What the models for extraction share beside their networks: requests checked as every model's are, runs, looking inside, memory.
import type { StepTime } from "../../runtime/profile.js";
import { readOptions } from "../../options.js";
import { MODEL_INPUTS } from "../inputs/types.js";
import { LoadedModel } from "../loaded-model.js";
import { checkInputs } from "../inputs/check-inputs.js";
import type { CheckedInputs, ModelInputs } from "../inputs/types.js";
import type { Tensor } from "../outputs.js";
import { collectRows, zeros } from "../run/collect.js";
import type { PartResult } from "../run/engine.js";
import { type ExtractionRequest, extentsOf } from "./word-rows.js";

/** What the models for extraction share: runs, looking inside, memory. */
export abstract class ExtractionModel<
  Inputs extends ModelInputs,
  Request extends ExtractionRequest = ExtractionRequest,
> extends LoadedModel<Request> {
  /** Checks a request and finds its words and labels. */
  protected abstract requestOf(inputs: Inputs): Request;

  /** Time per node of a request, with GFLOP/s and GB/s; of a large batch, which runs in parts, the nodes of each part in turn. */
  async profile(inputs: Inputs): Promise<readonly StepTime[]> {
    return this.engine.profile(this.requestOf(inputs));
  }

  /** Every value that a request computes on the device, by its scope name; rows of tokens as [B, N, …]. */
  async inspect(inputs: Inputs): Promise<Map<string, Tensor>> {
    const request = { ...this.requestOf(inputs), inspected: true };
    const { inspect } = await import("../inspect.js");
    const values = await inspect(this.engine, request, {});
    const parts = await this.engine.forward(request);
    for (const [name, tensor] of this.partsOf(request, parts)) values.set(name, tensor);
    return values;
  }

  protected check(given: ModelInputs): CheckedInputs {
    this.throwIfDisposed();
    const { words } = this.engine.tableRows();
    const inputs = readOptions("forward", given, MODEL_INPUTS, "input");
    return checkInputs(inputs, this.config, { head: "model", vocabRows: words });
  }

  /** The named values of all runs, as the libraries shape them. */
  protected partsOf(request: Request, parts: readonly PartResult<Request>[]): Map<string, Tensor> {
    const values = new Map<string, Tensor>();
    const [first] = parts;
    if (!first) return values;
    const { batch, columns } = request;
    const most = (count: (parts: ExtractionRequest["parts"][number]) => number) =>
      Math.max(0, ...request.parts.map(count));
    const [L, C] = [most(({ words }) => words.length), most(({ labels }) => labels.length)];
    for (const name of first.outputs.keys()) {
      const kind = this.rowsOf(name);
      if (kind === undefined) continue;
      const width = kind.width;
      if (kind.rows === "tokens") values.set(name, collectRows(parts, name, [batch, columns, width]));
      else if (kind.rows === "texts") {
        const { data } = collectParts(parts, name, kind, [batch, 1, width]);
        values.set(name, { data, shape: [batch, width] });
      } else values.set(name, collectParts(parts, name, kind, [batch, kind.rows === "words" ? L : C, width]));
    }
    return values;
  }

  /** What the rows of an output are; undefined for those that are not rows. */
  protected abstract rowsOf(name: string): RowKind | undefined;
}

/** What the rows of an output stand for, their width, and how its axis is padded. */
export interface RowKind {
  readonly rows: "tokens" | "words" | "labels" | "texts";
  readonly width: number;
  /** Columns of the result by column of the row, where padding lies between them. */
  readonly columns?: readonly number[];
}

function collectParts(
  parts: readonly PartResult<ExtractionRequest>[],
  name: string,
  { rows, columns }: RowKind,
  shape: readonly [number, number, number],
): Tensor {
  const target = zeros(...shape);
  const [, most, width] = shape;
  for (const part of parts) {
    const data = part.outputs.get(name)!;
    for (const [text, extent] of extentsOf(part).entries()) {
      const [first, count] =
        rows === "texts"
          ? [text, 1]
          : rows === "words"
            ? [extent.firstWord, extent.words]
            : [extent.firstLabel, extent.labels];
      const stride = columns ? columns.length : 4 * Math.ceil(width / 4);
      for (let i = 0; i < count; i++) {
        for (let column = 0; column < stride; column++) {
          const to = columns ? columns[column]! : column;
          if (to >= 0 && to < width)
            target.data[(extent.source * most + i) * width + to] = data[(first + i) * stride + column]!;
        }
      }
    }
  }
  return target;
}
