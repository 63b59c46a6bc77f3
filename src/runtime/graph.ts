// A static graph of kernel calls: what will run, in the order it was added, before any device is touched.
// One node is one dispatch. Insertion order is the schedule; fusion is a matter of which kernel the model asks for.
import { assert } from "../errors.js";
import { type DType, type Each, elements, type Kernel, type TensorType } from "../kernels/kernel.js";

/** What a value's elements are, for whoever looks inside: rows of a named set, or one block of a set's scores. */
export type Layout = { readonly rows: string } | { readonly block: number };

/** A tensor of the graph: written before a run, kept on the device, or computed by a node. */
export interface Value {
  /** Counts from 0 within its graph. */
  readonly id: number;
  /** Scopes and name, joined by dots. */
  readonly name: string;
  /** Shape and element type. */
  readonly type: TensorType;
  /** Written before a run, kept on the device, or the result of a node. */
  readonly kind: "input" | "resident" | "computed";
  /** The value whose memory this one overwrites, at the root of a chain of overwrites; itself otherwise. */
  readonly storage: Value;
  /** What its rows or blocks are, for looking inside. */
  readonly layout: Layout | undefined;
}

/** One kernel call: one dispatch. */
export interface Node {
  /** What computes it. */
  readonly kernel: Kernel;
  /** Operands, in the order of the kernel's names. */
  readonly inputs: readonly Value[];
  /** The kernel's attributes. */
  readonly attrs: object;
  /** The result. */
  readonly output: Value;
  /** The value whose content the kernel updates in place. */
  readonly into?: Value;
}

/**
 * What will run, in the order in which it was added.
 *
 * ```ts
 * const graph = new Graph();
 * const x = graph.input("x", f32(2, 4));
 * const w = graph.resident("w", f32(4, 4));
 * const bias = graph.resident("bias", f32(4));
 * graph.output("y", graph.add("y", matmul, [x, w, bias], {}));
 * ```
 */
export class Graph {
  /** Written before every run. */
  readonly inputs: Value[] = [];
  /** Kept on the device. */
  readonly residents: Value[] = [];
  /** The schedule. */
  readonly nodes: Node[] = [];
  /** Values that are read back, by the names they are asked for with. */
  readonly outputs: Map<string, Value> = new Map<string, Value>();
  private readonly named = new Map<string, Value>();
  private count = 0;
  private path: string[] = [];

  /** A value written before every run. Asked for twice, it is the same value. */
  input(name: string, type: TensorType, layout?: Layout): Value {
    const known = this.named.get(`input ${name}`);
    if (known) {
      assert(elements(known.type) === elements(type), `input ${name} is asked for with two sizes`);
      return known;
    }
    const value = this.value(name, type, "input", { layout });
    this.inputs.push(value);
    this.named.set(`input ${name}`, value);
    return value;
  }

  /** A value that stays on the device, by its name in the table of residents. Asked for twice, it is the same value. */
  resident(name: string, type: TensorType): Value {
    const known = this.named.get(`resident ${name}`);
    if (known) {
      assert(elements(known.type) === elements(type), `resident ${name} is asked for with two sizes`);
      return known;
    }
    const value = this.value(name, type, "resident");
    this.residents.push(value);
    this.named.set(`resident ${name}`, value);
    return value;
  }

  /**
   * Adds one kernel call; its result is named by the scopes around it and `name`.
   * With `into` the result is that value's memory, updated: the kernel must not read `into` as an operand as well.
   * Without `layout` the result has that of its first operand, if their first axes are equal.
   */
  add<Names extends readonly string[], Attrs extends object>(
    name: string,
    kernel: Kernel<Names, Attrs>,
    inputs: Each<Names, Value>,
    attrs: Attrs,
    into?: Value,
    layout?: Layout,
  ): Value {
    const operands = inputs as readonly Value[];
    const path = [...this.path, name].filter(Boolean).join(".");
    let type: TensorType;
    try {
      type = kernel.result(operands.map((value) => value.type) as unknown as Each<Names, TensorType>, attrs);
    } catch (error) {
      const names = operands.map((value) => value.name).join(", ");
      throw new RangeError(`${path}: ${error instanceof Error ? error.message : String(error)} (operands ${names})`, {
        cause: error,
      });
    }
    if (into) {
      assert(elements(into.type) === elements(type), `${path}: the result does not have the size of ${into.name}`);
      assert(into.kind === "computed", `${path}: ${into.name} is not a computed value`);
    }
    const kept = operands[0]?.type.shape[0] === type.shape[0] ? operands[0]?.layout : undefined;
    const output = this.value(path, type, "computed", { storage: into?.storage, layout: layout ?? kept });
    assert(
      operands.every((value) => value.storage !== output.storage),
      `${path}: the kernel reads what it overwrites`,
    );
    this.nodes.push({
      kernel: kernel,
      inputs: operands,
      attrs,
      output,
      ...(into ? { into } : {}),
    });
    return output;
  }

  /** Says how residents lie on the device, where that is not as they were asked for: kernels read the packed types as matrices of f32. */
  store(types: ReadonlyMap<string, DType>): this {
    for (const value of this.residents as { -readonly [K in keyof Value]: Value[K] }[]) {
      const dtype = types.get(value.name);
      if (dtype) value.type = { ...value.type, dtype };
    }
    return this;
  }

  /** Asks for a value after every run. */
  output(name: string, value: Value): void {
    assert(!this.outputs.has(name), `output ${name} is named twice`);
    this.outputs.set(name, value);
  }

  /** Prefixes the names of all values made by `build`. */
  scope<T>(name: string, build: () => T): T {
    this.path.push(name);
    try {
      return build();
    } finally {
      this.path.pop();
    }
  }

  private value(
    name: string,
    type: TensorType,
    kind: Value["kind"],
    { storage, layout }: { readonly storage?: Value | undefined; readonly layout?: Layout | undefined } = {},
  ): Value {
    const value: { -readonly [K in keyof Value]: Value[K] } = {
      id: this.count++,
      name,
      type,
      kind,
      storage: undefined as unknown as Value,
      layout,
    };
    value.storage = storage ?? value;
    return value;
  }
}
