// The tensors of a checkpoint by Transformers' names, however its file spells them, and the check that all wanted ones are there.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { joinQuantised, type WeightEntry } from "../../checkpoint/quantised.js";
import { openWeights } from "../../checkpoint/shards.js";
import { WEIGHTS_OPTIONS, type WeightsOptions } from "../../checkpoint/weights-options.js";
import { CheckpointError } from "../../errors.js";
import { pick } from "../../options.js";
import { nearestName, resolveNames, spellNames } from "../deberta/names.js";
import { torchShape } from "../../checkpoint/tensorflow.js";
import { FILE_BYTES } from "../../checkpoint/finite.js";

/** Missing tensors in one message. */
const MAX_NAMED = 100;

/** The tensors of a checkpoint by Transformers' names. */
export class Checkpoint {
  readonly folder: ModelFolder;
  private readonly entries: ReadonlyMap<string, WeightEntry>;
  private readonly resolve: (name: string) => string | undefined;

  private constructor(folder: ModelFolder, entries: ReadonlyMap<string, WeightEntry>) {
    this.folder = folder;
    this.entries = entries;
    this.resolve = resolveNames(new Set(entries.keys()), this.file());
  }

  static async open(folder: ModelFolder, options: WeightsOptions): Promise<Checkpoint> {
    return new Checkpoint(folder, joinQuantised(await openWeights(folder, pick(options, WEIGHTS_OPTIONS))));
  }

  find(name: string): WeightEntry | undefined {
    const inFile = this.resolve(name);
    return inFile === undefined ? undefined : this.entries.get(inFile);
  }

  /** Every tensor of the files. */
  all(): WeightEntry[] {
    return [...this.entries.values()];
  }

  /** Rows of a tensor, or of what the config says where it is missing (which is then reported with all others). */
  rows(name: string, otherwise: number): number {
    const entry = this.find(name);
    return (entry && torchShape(entry)[0]) ?? otherwise;
  }

  /** Throws one CheckpointError for all tensors that are missing or have another shape than wanted. */
  check(wanted: ReadonlyMap<string, readonly number[]>): void {
    const names = new Set(this.entries.keys());
    const missing = [...wanted.keys()].filter((name) => !this.find(name));
    if (missing.length > 0) {
      const spelled = spellNames(missing.slice(0, MAX_NAMED), names);
      const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : "";
      const nearest = nearestName(spelled[0]!, names);
      throw new CheckpointError(
        `${this.file()}: ${missing.length} ${missing.length === 1 ? "tensor is" : "tensors are"} missing: ${spelled.join(", ")}${more}${nearest ? ` (nearest to the first: ${nearest})` : ""}`,
        { reason: "mismatch" },
      );
    }
    const misshapen: string[] = [];
    for (const [name, shape] of wanted) {
      const entry = this.find(name)!;
      if (!("scales" in entry) && !(entry.dtype in FILE_BYTES))
        throw new CheckpointError(
          `${entry.file}: ${entry.name} has type ${entry.dtype}, weights are F32, F16, BF16, F64, or I8 and I4 with scales`,
        );
      const found = torchShape(entry);
      const same = found.length === shape.length && found.every((size, axis) => size === shape[axis]);
      if (!same) misshapen.push(`${entry.name} is [${found.join(", ")}], config.json asks for [${shape.join(", ")}]`);
    }
    if (misshapen.length > 0)
      throw new CheckpointError(`${this.file()}: ${misshapen.join("; ")}`, { reason: "mismatch" });
  }

  private file(): string {
    return [...new Set([...this.entries.values()].map((entry) => entry.file))].join(", ") || "the checkpoint";
  }
}
