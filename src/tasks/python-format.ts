// Python's str.format for a template and one text, as Transformers fills in hypotheses: `{}`, `{0}`, doubled braces, conversions and
// format specifications. What Python refuses is refused.

/** A replacement field, a doubled brace, or a single one. */
const PARTS = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
/** Field name, `!` and a conversion, `:` and a specification. */
const FIELD = /^([^!:]*)(?:!([^:]*))?(?::(.*))?$/s;
const SPEC = /^(?:(.)?([<>^]))?(0)?(\d*)(?:\.(\d+))?s?$/su;

/**
 * `template.format(text)`.
 * @throws TypeError for braces that do not match, RangeError for a field that one text cannot fill
 */
export function pythonFormat(template: string, text: string): string {
  let numbering: "automatic" | "manual" | undefined;
  let automatic = 0;

  return template.replace(PARTS, (part: string, inside: string | undefined) => {
    if (part === "{{" || part === "}}") return part[0]!;
    if (inside === undefined)
      throw new TypeError(`template ${JSON.stringify(template)}: a single "${part}"; write "${part}${part}" for one`);
    const [, name = "", conversion, spec = ""] = FIELD.exec(inside)!;
    const [, first, rest] = /^([^.[]*)(.*)$/s.exec(name)!;
    const kind = first === "" ? "automatic" : "manual";
    if (first !== "" && !/^\d+$/.test(first!))
      throw refused(part, `there is no argument named ${JSON.stringify(first)}`);
    if (numbering !== undefined && numbering !== kind) throw refused(part, "numbered and unnumbered fields do not mix");
    numbering = kind;
    if ((kind === "automatic" ? automatic++ : Number(first)) > 0) throw refused(part, "there is one label to put in");
    return padded(converted(item(rest!, part), conversion, part), spec, part);
  });

  function refused(part: string, why: string): RangeError {
    return new RangeError(`template ${JSON.stringify(template)}: ${part}: ${why}`);
  }

  /** The text, or one character of it: `{0[2]}`. */
  function item(access: string, part: string): string {
    let value = text;
    for (const [index] of access.matchAll(/\[(\d+)\]|./gs)) {
      const at = /\d+/.exec(index);
      const character = at ? Array.from(value)[Number(at[0])] : undefined;
      if (character === undefined) throw refused(part, "a label has neither such a character nor attributes");
      value = character;
    }
    return value;
  }

  function converted(value: string, conversion: string | undefined, part: string): string {
    if (conversion === undefined || conversion === "s") return value;
    if (conversion === "r") return pythonRepr(value);
    if (conversion === "a") return pythonRepr(value).replace(/[^\0-\x7f]/gu, escaped);
    throw refused(part, "conversions are !s, !r and !a");
  }

  function padded(value: string, spec: string, part: string): string {
    const found = SPEC.exec(spec);
    if (!found) throw refused(part, `"${spec}" is no format of a text`);
    const [, fill, align = "<", zero, width, precision] = found;
    const characters = Array.from(value).slice(0, precision === undefined ? undefined : Number(precision));
    const missing = Math.max(0, Number(width) - characters.length);
    if (missing > 10_000) throw refused(part, "too wide");
    const before = align === "<" ? 0 : align === ">" ? missing : Math.floor(missing / 2);
    const space = fill ?? (zero === undefined ? " " : "0");
    return space.repeat(before) + characters.join("") + space.repeat(missing - before);
  }
}

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

/** `repr` of a text. */
function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const plain = text.replace(/[\\\n\r\t]/g, (each) => NAMED[each]!).replaceAll(quote, `\\${quote}`);
  return quote + plain.replace(/(?! )[\p{C}\p{Z}]/gu, escaped) + quote;
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
