// Variants of every field of config.json, alone and in seeded mixtures, against Transformers 4.57 and 5: what either loads and
// runs is loaded here, with the same weights and label names; what both refuse ends in an error of ours or loads, too. The stored answers were made by
// test/fixtures/variants/make_configs.py.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { UnsupportedError } from "../../src/errors.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { shapesOf } from "../support/checkpoint.js";

interface Answer {
  readonly error?: string;
  /** What differs from the base's weights; null for one that is not there. */
  readonly shapes: Readonly<Record<string, number[] | null>>;
  readonly labels: readonly unknown[];
  readonly hiddenStates: boolean;
  readonly attentions: boolean;
}

interface Case {
  readonly change: Readonly<Record<string, unknown>>;
  readonly both?: Answer;
  readonly four?: Answer;
  readonly five?: Answer;
}

const stored = JSON.parse(readFileSync(new URL("../fixtures/variants/configs.json", import.meta.url), "utf8")) as {
  base: Record<string, unknown>;
  shapes: Record<string, number[]>;
  cases: Case[];
};

/** Refused here although Python goes on, each as the table in the hostile corpus has it or as the README says. */
const REFUSED: readonly RegExp[] = [
  /^hidden_act "(prelu|xielu)"/, // weights of their own
  /^id2label \d+: \[/, // a list or an object is no name
];

test.each(stored.cases.map((each) => [JSON.stringify(each.change), each] as const))("%s", (_, each) => {
  const json = Object.fromEntries(
    Object.entries({ ...stored.base, ...each.change }).filter(([, value]) => value !== "(absent)"),
  );
  const answers = [each.both, each.four, each.five].filter((answer) => answer !== undefined);
  const loaded = answers.filter(({ error }) => error === undefined);
  let config: DebertaV2Config;
  try {
    config = new DebertaV2Config(json);
  } catch (error) {
    expect(error).toBeInstanceOf(UnsupportedError);
    const { message } = error as Error;
    const isKnown = REFUSED.some((pattern) => pattern.test(message.replace("config.json: ", "")));
    if (!isKnown) expect(loaded, message).toEqual([]);
    return;
  }
  if (loaded.length === 0) return;
  const found = {
    shapes: Object.fromEntries(shapesOf(config, "pooled")),
    labels: [...config.id2label.values()],
    hiddenStates: config.outputHiddenStates,
    attentions: config.outputAttentions,
  };
  // Python makes the relative table even where no term reads it.
  const needed = (name: string): boolean =>
    name !== "deberta.encoder.rel_embeddings.weight" || config.relativeSlots > 0;
  const wanted = loaded.map(({ shapes, labels, hiddenStates, attentions }) => ({
    shapes: Object.fromEntries(
      Object.entries({ ...stored.shapes, ...shapes }).filter(([name, shape]) => shape !== null && needed(name)),
    ),
    labels: labels.map(String),
    hiddenStates,
    attentions,
  }));
  expect(wanted).toContainEqual(found);
});
