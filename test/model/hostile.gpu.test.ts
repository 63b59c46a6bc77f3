// Whole folders that must be refused with a named error, and odd ones that must load and answer right: the table of
// ../shared/hostile, each folder loaded by its model class in the browser. Whatever happens, no buffer stays.
import { describe, expect, test } from "vitest";
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
} from "../../src/index.js";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { checked, sharedDevice } from "../support/gpu.js";

interface Entry {
  readonly name: string;
  readonly format: string;
  readonly expect: "reject" | "load" | "either";
  /** Names in the folder, and where their bytes are stored. */
  readonly files: Readonly<Record<string, string>>;
  readonly errors?: readonly string[];
  readonly also_ok?: readonly string[];
  readonly mention?: readonly string[];
  readonly probe_ms?: number;
  readonly loader?: string;
  readonly head?: string;
  readonly run?: "finite" | "finite-or-error" | "error-or-nan" | "index-wins";
  readonly same_as?: string;
  readonly input_ids?: number[][];
  readonly logits?: readonly number[];
}

const HEADS = {
  "sequence-classification": DebertaV2ForSequenceClassification,
  "token-classification": DebertaV2ForTokenClassification,
  "question-answering": DebertaV2ForQuestionAnswering,
  "masked-lm": DebertaV2ForMaskedLM,
  "multiple-choice": DebertaV2ForMultipleChoice,
} as unknown as Record<string, typeof DebertaV2ForSequenceClassification>;

const TOLERANCE = 1e-4;

const base = "/shared/hostile";
const entries = __HAS_SHARED__
  ? ((await (await fetch(`${base}/manifest.json`)).json()) as { entries: Entry[] }).entries.filter(
      ({ format, loader }) => format === "folder" && loader !== "tokenizer",
    )
  : [];
const device = await sharedDevice();

const bytesOf = async (path: string): Promise<Uint8Array<ArrayBuffer>> => {
  const response = await fetch(`${base}/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

const prototypeKeys = (): PropertyKey[] =>
  [Object.prototype, Array.prototype, Function.prototype].flatMap((prototype) => Reflect.ownKeys(prototype));

interface Verdict {
  readonly error: unknown;
  readonly logits: readonly number[];
  readonly milliseconds: number;
}

/** Loads the folder, and runs its input where it has one. */
async function probe({ files, head = "sequence-classification", input_ids, run }: Entry): Promise<Verdict> {
  const contents = new Map<string, Uint8Array>();
  for (const [name, path] of Object.entries(files)) contents.set(name, await bytesOf(path));
  const folder = {
    open: (name: string) => {
      const bytes = contents.get(name);
      return Promise.resolve(bytes && bytesFromMemory(bytes));
    },
  };
  const start = performance.now();
  let logits: readonly number[] = [];
  try {
    const model = await HEADS[head]!.fromPretrained(folder, { device: device.gpu, dtype: "f32" });
    try {
      if (input_ids ?? run) {
        const output = await model.forward({ inputIds: input_ids ?? [[1, 5, 6, 7, 2]] });
        logits = [...output.logits.data];
      }
    } finally {
      await model.dispose();
    }
    return { error: undefined, logits, milliseconds: performance.now() - start };
  } catch (error) {
    return { error, logits, milliseconds: performance.now() - start };
  }
}

describe.skipIf(!__HAS_SHARED__)("hostile folders (needs the shared folder)", () => {
  test("warm up", async () => {
    await probe(entries.find(({ name }) => name === "folder/ok-plain")!); // compiling shaders is not what is timed below
  });

  test.each(entries)("$name: $expect", async (entry) => {
    const keys = prototypeKeys();
    const { error, logits, milliseconds } = await checked(device, () => probe(entry));
    expect(prototypeKeys()).toEqual(keys);
    expect(milliseconds).toBeLessThan(entry.probe_ms ?? 2000);
    if (error !== undefined) {
      const allowed = entry.expect === "load" ? (entry.also_ok ?? []) : (entry.errors ?? []);
      const { name, message } = error as Error;
      expect(allowed, message).toContain(name);
      for (const text of entry.mention ?? []) expect(message).toContain(text);
      return;
    }
    expect(entry.expect, "it loaded").not.toBe("reject");
    if (entry.run === "error-or-nan") expect(logits.some(Number.isNaN)).toBe(true);
    else expect(logits.every(Number.isFinite)).toBe(true);
    const same = entries.find(({ name }) => name === entry.same_as);
    const wanted = entry.logits ?? same?.logits;
    if (!wanted) return;
    expect(logits).toHaveLength(wanted.length);
    const errors = wanted.map((value, i) => Math.abs(logits[i]! - value));
    expect(Math.max(...errors), `${logits.join(", ")} for ${wanted.join(", ")}`).toBeLessThanOrEqual(TOLERANCE);
  });
});
