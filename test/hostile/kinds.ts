// What is fuzzed, by kind: cases written by hand, how one is tried, and how another one is made from them.
import { adapters, probeAdapter, randomAdapter } from "./adapters.js";
import type { Case } from "./made/case.js";
import { configs } from "./made/configs.js";
import { hdf5 } from "./made/hdf5.js";
import { headers } from "./made/headers.js";
import { libraries } from "./made/libraries.js";
import { indices } from "./made/indices.js";
import { pickles } from "./made/pickles.js";
import { sentencepiece } from "./made/sentencepiece.js";
import { tokenizers } from "./made/tokenizers.js";
import { mutant, randomOf } from "./mutate.js";
import { networks, probeNetwork, randomFaults } from "./network.js";
import { type Files, PROBES } from "./probes.js";

interface KindParts {
  readonly written: () => Case[];
  readonly probe: (files: Files) => Promise<unknown>;
  readonly another: (cases: readonly Case[], next: () => number) => Files;
}

const KINDS = {
  header: { written: headers, probe: PROBES.header, another: mutant },
  index: { written: indices, probe: PROBES.index, another: mutant },
  pickle: { written: pickles, probe: PROBES.pickle, another: mutant },
  hdf5: { written: hdf5, probe: PROBES.hdf5, another: mutant },
  sentencepiece: { written: sentencepiece, probe: PROBES.sentencepiece, another: mutant },
  tokenizer: { written: tokenizers, probe: PROBES.tokenizer, another: mutant },
  config: { written: configs, probe: PROBES.config, another: mutant },
  library: { written: libraries, probe: PROBES.library, another: mutant },
  adapter: { written: adapters, probe: probeAdapter, another: (_, next) => randomAdapter(next) },
  network: { written: networks, probe: probeNetwork, another: (_, next) => randomFaults(next) },
} as const satisfies Readonly<Record<string, KindParts>>;

export type Kind = keyof typeof KINDS;
export const ALL_KINDS = Object.keys(KINDS) as Kind[];
export const isKind = (name: string): name is Kind => Object.hasOwn(KINDS, name);

export const probeOf = (kind: Kind): KindParts["probe"] => KINDS[kind].probe;

/** A source of cases of one kind: the n-th of a seed is always the same. */
export function source(kind: Kind, seed: number): (n: number) => Files {
  const { written, another }: KindParts = KINDS[kind];
  const cases = written();
  return (n) => another(cases, randomOf(seed, n));
}

const SEED = 16;
const MUTANTS = 12;

/** The corpus of one kind: what is written by hand, and some more from a seed. */
export function made(kind: Kind): Case[] {
  const another = source(kind, SEED);
  const more = Array.from({ length: MUTANTS }, (_, n): Case => {
    return { kind, name: `from seed ${SEED}: ${n}`, files: another(n), expect: "any" };
  });
  return [...KINDS[kind].written(), ...more];
}
