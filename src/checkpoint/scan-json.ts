// Looks through the text of a JSON document for what JSON.parse hides: keys given twice, numbers that are not plain
// digits, halves of surrogate pairs, and nesting that would overflow whoever walks the result.

/** The official safetensors reader's bound on nesting. */
const MAX_DEPTH = 128;

/** Of a string its first quote: a pattern over a string of millions of escapes would overflow the stack. */
const TOKEN = /["{}[\],:]|[^\s{}[\],:"]+/g;
const BACKSLASH = 0x5c;
const LONE_SURROGATE = /\p{Surrogate}/u;

interface Level {
  /** The keys so far of an object; undefined for an array. */
  readonly keys: Set<string> | undefined;
  /** The key whose value comes next, or whose value this array is in. */
  key: string;
  expectsKey: boolean;
}

/**
 * The first thing found, in words; undefined when there is none.
 * @param text a document that JSON.parse accepts
 * @param wantsDigits whether numbers under this path of keys must be written in digits alone
 */
export function scanJson(text: string, wantsDigits: (path: readonly string[]) => boolean): string | undefined {
  const levels: Level[] = [];
  for (const token of tokensOf(text)) {
    const level = levels.at(-1);
    switch (token[0]) {
      case "{":
      case "[":
        if (levels.length >= MAX_DEPTH) return `values are nested deeper than ${MAX_DEPTH} levels`;
        levels.push({ keys: token === "{" ? new Set() : undefined, key: "", expectsKey: token === "{" });
        break;
      case "}":
      case "]":
        levels.pop();
        break;
      case ",":
        if (level?.keys) level.expectsKey = true;
        break;
      case ":":
        break;
      case '"': {
        const value = JSON.parse(token) as string;
        if (LONE_SURROGATE.test(value)) return "a string holds half of a surrogate pair";
        if (!level?.keys || !level.expectsKey) break;
        if (level.keys.has(value)) return `the key ${JSON.stringify(value.slice(0, 200))} is given twice`;
        level.keys.add(value);
        level.key = value;
        level.expectsKey = false;
        break;
      }
      default:
        if (/^[-\d]/.test(token) && !/^\d+$/.test(token)) {
          const path = levels.filter(({ keys }) => keys).map(({ key }) => key);
          if (wantsDigits(path))
            return `${path.map((key) => JSON.stringify(key.slice(0, 200))).join(".")} has the number ${token.slice(0, 40)}`;
        }
    }
  }
  return undefined;
}

function* tokensOf(text: string): Generator<string> {
  const pattern = new RegExp(TOKEN);
  for (let match; (match = pattern.exec(text));) {
    if (match[0] === '"') pattern.lastIndex = endOfString(text, match.index);
    yield text.slice(match.index, pattern.lastIndex);
  }
}

/** Behind the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((at - first) % 2 === 0) return at + 1;
  }
  return text.length;
}
