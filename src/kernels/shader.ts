// From a plain .wgsl file to the text of one shader module, and from that text to its bindings and parameters.
// Assembly only puts `enable` lines on the file's first line (and a subgroup's size beside the workgroup's) and appends constants and
// functions at its end, so
// line numbers in compiler messages are those of the .wgsl file. The WGSL is the single truth about bindings.
import { assert } from "../errors.js";

/** What specialises a .wgsl file. */
export interface Variant {
  /** File name, for messages. */
  readonly file: string;
  /** WGSL extensions, put on the first line. */
  readonly enable?: readonly string[];
  /** `const NAME = value;` for what changes registers, arrays or workgroups; sizes travel in Params. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Functions (and bindings that only they use), appended. */
  readonly functions?: readonly string[];
  /** Lanes that a subgroup of this shader must have (subgroup-size-control). */
  readonly subgroupSize?: number;
  /** Used in its place, with the same bindings, parameters and workgroups, where the device refuses it. */
  readonly fallback?: Shader;
}

/** A storage binding of group 0. */
export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly access: "read" | "read_write";
  readonly type: string;
}

/** A field of the struct Params: four bytes each, so offsets follow declaration order. */
export interface ParamField {
  readonly name: string;
  readonly type: "u32" | "f32" | "i32";
}

/** Assembled text, which is also the pipeline's cache key, and what was read out of it. */
export interface Shader {
  readonly file: string;
  readonly text: string;
  readonly bindings: readonly Binding[];
  readonly params: readonly ParamField[];
  /** The constants, as shown by `describe()`. */
  readonly label: string;
  readonly fallback?: Shader;
}

const BINDING =
  /@group\((\d+)\)\s*@binding\((\d+)\)\s*var<\s*(storage|uniform)\s*(?:,\s*(read|read_write)\s*)?>\s*(\w+)\s*:\s*([^;]+);/g;
const PARAMS = /struct\s+Params\s*\{([^}]*)\}/;
const FIELD = /^(\w+)\s*:\s*(u32|f32|i32)$/;

/** Reads bindings and Params out of WGSL text; refuses what it does not understand. */
export function reflect(file: string, text: string): Pick<Shader, "bindings" | "params"> {
  const code = text.replace(/\/\/[^\n]*/g, "");
  const bindings: Binding[] = [];
  let hasParams = false;
  for (const [, group, index, space, access, name, type] of code.matchAll(BINDING)) {
    if (space === "uniform") {
      assert(group === "1" && index === "0" && type!.trim() === "Params", `${file}: uniform ${name} is not Params`);
      hasParams = true;
      continue;
    }
    assert(group === "0", `${file}: ${name} is not in group 0`);
    bindings.push({
      name: name!,
      index: Number(index),
      access: access === "read_write" ? "read_write" : "read",
      type: type!.trim(),
    });
  }
  const declared = [...code.matchAll(/@group\(/g)].length;
  assert(
    declared === bindings.length + (hasParams ? 1 : 0),
    `${file}: a binding is written in a form that is not read`,
  );
  bindings.sort((a, b) => a.index - b.index);
  bindings.forEach((binding, i) => assert(binding.index === i, `${file}: binding ${i} is missing or twice`));
  const struct = PARAMS.exec(code);
  assert(hasParams === (struct !== null), `${file}: Params and its uniform belong together`);
  const params = (struct?.[1] ?? "")
    .split(",")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line): ParamField => {
      const field = FIELD.exec(line);
      assert(field, `${file}: Params field "${line}" is not a four-byte scalar`);
      return { name: field[1]!, type: field[2] as ParamField["type"] };
    });
  return { bindings, params };
}

/** Shaders by their texts; and by the parts of these in order, as a long part is mostly the same string and found without being read. */
const byText = new Map<string, Shader>();
interface Assembled {
  readonly next: Map<string, Assembled>;
  shader?: Shader;
}
const byParts: Assembled = { next: new Map<string, Assembled>() };

/** The shader of one variant of a .wgsl file. Equal variants give the same object. */
export function shader(wgsl: string, variant: Variant): Shader {
  const { file, enable = [], constants = {}, functions = [], subgroupSize = 0 } = variant;
  let at = byParts;
  for (const part of [wgsl, JSON.stringify([file, enable, constants, subgroupSize]), ...functions]) {
    const next: Assembled = at.next.get(part) ?? { next: new Map() };
    at.next.set(part, next);
    at = next;
  }
  return (at.shader ??= assembled(wgsl, variant));
}

function assembled(wgsl: string, variant: Variant): Shader {
  const { file, constants = {}, functions = [], subgroupSize, fallback } = variant;
  const enable = [...(variant.enable ?? []), ...(subgroupSize ? ["subgroup_size_control"] : [])];
  const body = subgroupSize ? wgsl.replace("@compute", `@compute @subgroup_size(${subgroupSize})`) : wgsl;
  const head = enable.map((name) => `enable ${name}; `).join("");
  const prelude = Object.entries(constants).map(([name, value]) => `const ${name} = ${value}u;`);
  const text = `${head}${body}\n${[...prelude, ...functions].join("\n")}\n`;
  const known = byText.get(text);
  if (known) return known;
  const label = [...enable, ...Object.entries(constants).map(([name, value]) => `${name} ${value}`)].join(" ");
  const made: Shader = { file, text, label, ...reflect(file, text), ...(fallback ? { fallback } : {}) };
  byText.set(text, made);
  return made;
}
