// Real texts of ../shared with what is right for them, which the models were not trained on: samples for benches of quality.

/** One question to a model, and what is right, where the data says it. */
export interface Sample {
  readonly text: string;
  /** The second text of a pair. */
  readonly pair?: string;
  /** The right label. */
  readonly label?: string;
  /** Personal data in it, as ranges of characters. */
  readonly spans?: readonly Range[];
  /** Of which one follows the text. */
  readonly choices?: readonly string[];
}

export type Range = readonly [from: number, to: number];

async function shared(path: string): Promise<Response> {
  const response = await fetch(`/shared/data/${path}`);
  if (!response.ok) throw new Error("this bench needs the texts and models of ../shared");
  return response; // the server says of a .gz that it is encoded so, and the browser decodes it
}

async function linesOf(path: string): Promise<string[]> {
  return (await (await shared(path)).text()).trim().split("\n");
}

/** `count` at most of a list, from all over it, so that a sample is of all kinds. */
export const spread = <T>(all: readonly T[], count: number): T[] =>
  Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor((i * all.length) / count)]!);

/** Requests to an assistant, with their intent. */
export async function intents(count: number): Promise<Sample[]> {
  const { test } = (await (await shared("clinc150/clinc_full.json")).json()) as { test: [string, string][] };
  return spread(test, count).map(([text, label]) => ({ text, label }));
}

const MOODS: Readonly<Record<string, string>> = {
  positive: "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief",
  negative: "anger annoyance disappointment disapproval disgust embarrassment fear grief nervousness remorse sadness",
  neutral: "neutral",
};

/** Comments of one emotion, with its mood. */
export async function moods(count: number): Promise<Sample[]> {
  const names = await linesOf("goemotions/goemo_labels.txt");
  const moodOf = (emotion: string) => Object.keys(MOODS).find((mood) => MOODS[mood]!.split(" ").includes(emotion));
  const samples = (await linesOf("goemotions/goemo_test.tsv")).flatMap((line) => {
    const [text, emotion] = line.split("\t");
    const label = moodOf(names[Number(emotion)] ?? "");
    return label ? [{ text: text!, label }] : [];
  });
  return spread(samples, count);
}

interface Synthetic {
  readonly full_text: string;
  readonly spans: readonly { readonly start_position: number; readonly end_position: number }[];
}

/** Sentences with personal data. */
export async function personal(count: number): Promise<Sample[]> {
  const all = (await (await shared("presidio/synth_dataset_v2.json.gz")).json()) as Synthetic[];
  return spread(all, count).map(({ full_text: text, spans }) => ({
    text,
    spans: spans.map(({ start_position: from, end_position: to }) => [from, to] as const),
  }));
}

/** Sentences of an encyclopedia. */
export async function sentences(count: number): Promise<Sample[]> {
  const lines = (await linesOf("wikitext2/clinc_wiki_sentences.txt")).filter((line) => line.split(" ").length > 7);
  return spread(lines, count).map((text) => ({ text }));
}

/** Premise and hypothesis: whether the one entails the other. */
export async function entailments(count: number): Promise<Sample[]> {
  const [premises, hypotheses, labels] = await Promise.all(
    ["s1", "s2", "labels"].map((name) => linesOf(`esnli/${name}.test.gz`)),
  );
  const samples = premises!.map((text, i) => ({
    text,
    pair: hypotheses![i]!,
    label: labels![i] === "entailment" ? "entailment" : "not_entailment",
  }));
  return spread(samples, count);
}

/** Turns of dialogues, of which one answers the other; three answer others. */
export async function replies(count: number): Promise<Sample[]> {
  const dialogues = (await linesOf("sgd/test.jsonl.gz")).map(
    (line) => JSON.parse(line) as { readonly turns: readonly (readonly [who: string, text: string])[] },
  );
  const answers = dialogues.map(({ turns }) => turns[3]?.[1] ?? "");
  const samples = dialogues.flatMap(({ turns }, i) => {
    if (turns.length < 4) return [];
    const others = [1, 2, 3].map((step) => answers[(i + 97 * step) % answers.length]!);
    const right = i % 4;
    const choices = [...others.slice(0, right), turns[3]![1], ...others.slice(right)];
    return [{ text: turns[2]![1], choices, label: String(right) }];
  });
  return spread(samples, count);
}

interface Squad {
  readonly data: readonly {
    readonly paragraphs: readonly {
      readonly context: string;
      readonly qas: readonly { readonly question: string; readonly answers: readonly { readonly text: string }[] }[];
    }[];
  }[];
}

/** Questions (`text`), where their answer stands (`pair`), and the answer. */
export async function questions(count: number): Promise<Sample[]> {
  const { data } = (await (await shared("xquad/xquad.en.json")).json()) as Squad;
  const samples = data.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas.map(({ question, answers }) => ({ text: question, pair: context, label: answers[0]!.text })),
    ),
  );
  return spread(samples, count);
}
