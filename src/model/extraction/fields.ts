// Typed reading of the configs that stand beside or instead of config.json: a field is absent, of the right kind, or refused
// with the file's name. Wrong kinds are the file's mistake, values that the engine does not do are UnsupportedErrors.
import type { ModelFolder } from "../../checkpoint/folder.js";
import { readOptionalJson } from "../../checkpoint/read-whole.js";
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { isObject, show } from "../../json.js";

/** The fields of one file. */
export class Fields {
  readonly file: string;
  readonly json: Readonly<Record<string, unknown>>;
  private readonly prefix: string;

  constructor(file: string, json: unknown, prefix: string = "") {
    if (!isObject(json)) throw new CheckpointError(`${file}: an object is expected, not ${show(json)}`);
    this.file = file;
    this.json = json;
    this.prefix = prefix;
  }

  /** The file's fields; undefined where the folder has no such file. */
  static async read(folder: ModelFolder, file: string, signal?: AbortSignal): Promise<Fields | undefined> {
    const json = await readOptionalJson(folder, file, signal);
    return json === undefined ? undefined : new Fields(file, json);
  }

  /** The field's value; null counts as absent. */
  value(field: string): unknown {
    return Object.hasOwn(this.json, field) ? (this.json[field] ?? undefined) : undefined;
  }

  /** The fields of an object inside. */
  inside(field: string): Fields | undefined {
    const value = this.value(field);
    return value === undefined ? undefined : new Fields(this.file, value, `${this.prefix}${field}.`);
  }

  text(field: string, otherwise: string): string {
    return this.typed(field, otherwise, "a text", (value) => typeof value === "string");
  }

  flag(field: string, otherwise: boolean): boolean {
    return this.typed(field, otherwise, "true or false", (value) => typeof value === "boolean");
  }

  integer(field: string, otherwise: number, min: number, max: number = 1 << 24): number {
    return this.typed(
      field,
      otherwise,
      `an integer from ${min} to ${max}`,
      (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    );
  }

  /** One of the supported texts; others are refused by value. */
  choice<const Name extends string>(field: string, otherwise: Name, supported: readonly Name[]): Name {
    const value = this.value(field) ?? otherwise;
    if ((supported as readonly unknown[]).includes(value)) return value as Name;
    return this.refuse(field, `${supported.join(", ")} ${supported.length === 1 ? "is" : "are"}`);
  }

  /** `config.json: field "value" is not supported (…)`; `known`: what the value is, behind it. */
  refuse(field: string, supported: string, known: string = ""): never {
    throw new UnsupportedError(
      `${this.file}: ${this.prefix}${field} ${show(this.value(field))}${known} is not supported (${supported})`,
    );
  }

  private typed<T>(field: string, otherwise: T, wanted: string, fits: (value: unknown) => boolean): T {
    const value = this.value(field);
    if (value === undefined) return otherwise;
    if (!fits(value))
      throw new CheckpointError(`${this.file}: ${this.prefix}${field} is ${show(value)}, ${wanted} is expected`);
    return value as T;
  }
}

/** LoRA weights beside a model's change what it computes. */
export async function refuseAdapters(folder: ModelFolder): Promise<void> {
  if (await folder.open("adapter_config.json"))
    throw new UnsupportedError("adapter_config.json: adapters are not supported; merge them first");
}
