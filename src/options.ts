// Options and fields by name. Every public call has a table of what it takes, and reads through it what a caller gives: nothing is
// ignored in silence. Python's spelling (`top_k`) is understood; any other name is refused, with the one that was meant.

/** What a value may be: types of JavaScript with "|" between them, "any" where it is checked elsewhere, or all its values. */
type Check = string | readonly unknown[];

/** A line for every option of a type. */
export type OptionTable<Options> = { readonly [Name in keyof Options]-?: Check };

/** Names of Transformers and transformers.js that are something else here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  returnAllScores: "topK: null gives all labels",
  groupedEntities: 'aggregationStrategy: "simple" puts entities together',
  ignoreSubwords: 'aggregationStrategy: "first" puts words together',
  candidateLabels: "labels are the second argument",
  sequences: "texts are the first argument",
  sequencePair: "the second text is the second argument",
  textPair: "the second text is the second argument, or the field textPair of the input",
  text: "the text is the first argument",
  progressCallback: "it is called onProgress",
  modelFileName: "it is called weights",
  torchDtype: "it is called dtype",
  quantized: 'dtype: "q8" stores weights in 8 bits',
  cacheDir: "the browser keeps the cache; cache is the option",
  localFilesOnly: "the browser keeps the cache; cache is the option",
  useAuthToken: "it is called token",
  batchSize: "an array of inputs is one batch",
  numWorkers: "an array of inputs is one batch",
  returnTensors: "results are plain arrays and Tensors",
  returnTensor: "results are plain arrays and Tensors",
  returnOffsetsMapping: "an Encoding always has offsets",
  returnTokenTypeIds: "an Encoding always has typeIds",
  returnAttentionMask: "an Encoding always has attentionMask",
  returnSpecialTokensMask: "an Encoding always has specialTokensMask",
  returnLength: "an Encoding's ids have a length",
};

/**
 * What a caller gives, under this package's names. `null` is as not given, where the table does not name it.
 * @param call what is called, for messages
 * @param noun what its names are, for messages
 * @throws TypeError for a name that is not in the table or a value of a wrong type, RangeError for another wrong value
 */
export function readOptions<Options extends object>(
  call: string,
  given: Options | null | undefined,
  table: OptionTable<Options>,
  noun = "option",
): Options {
  const read: Record<string, unknown> = {};
  if (given === undefined || given === null) return read as Options;
  if (typeof given !== "object" || Array.isArray(given))
    throw new TypeError(`${call}: ${noun}s must be an object, not ${Array.isArray(given) ? "an array" : typeof given}`);
  for (const [written, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined) continue;
    const name = camelCase(written);
    if (!Object.hasOwn(table, name)) throw new TypeError(`${call}: there is no ${noun} ${advice(written, table)}`);
    const check = table[name as keyof Options];
    if (value === null && !mayBeNull(check)) continue;
    checkValue(`${call}: ${name}`, value, check);
    if (Object.hasOwn(read, name) && !isSame(read[name], value))
      throw new TypeError(`${call}: ${name} is given twice, with two values`);
    read[name] = value;
  }
  return read as Options;
}

/** Those of some options that a table names. */
export function pick<Options>(options: object, table: OptionTable<Options>): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name))) as Options;
}

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const mayBeNull = (check: Check): boolean =>
  typeof check === "string" ? check.split("|").includes("null") : check.includes(null);

function checkValue(what: string, value: unknown, check: Check): void {
  if (typeof check !== "string") {
    if (check.includes(value)) return;
    const values = check.map((each) => JSON.stringify(each)).join(", ");
    throw new RangeError(`${what} is ${show(value)}: it must be one of ${values}`);
  }
  if (check === "any" || value === null) return;
  const type = Array.isArray(value) ? "array" : typeof value;
  if (!check.split("|").includes(type))
    throw new TypeError(`${what} must be of type ${check.replaceAll("|", " or ")}, not ${type}`);
  if (Number.isNaN(value)) throw new RangeError(`${what} is NaN`);
}

function advice(written: string, table: object): string {
  const name = camelCase(written);
  const plain = (text: string): string => text.replaceAll("_", "").toLowerCase();
  const meant = Object.keys(table).find((each) => plain(each) === plain(written));
  const help = meant ? `it is called ${meant}` : Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name]! : "";
  return `${JSON.stringify(written)}: ${help === "" ? `there are ${Object.keys(table).join(", ")}` : help}`;
}

function isSame(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || (Array.isArray(one) && JSON.stringify(one) === JSON.stringify(other));
}

const show = (value: unknown): string =>
  ["string", "number", "boolean"].includes(typeof value) ? JSON.stringify(value) : `of type ${typeof value}`;
