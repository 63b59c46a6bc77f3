// What is told while a model loads: each step by its file, and all of them together.
import { notify } from "../notify.js";

/**
 * "vocabulary", "weights": a file of the tokenizer or the model arrives. "compile": shaders are compiled, at the same time.
 * "rows": the model is ready, the rest of its word table arrives. "not cached": there is no room to keep the model's files; the
 * load goes on, and the next one will fetch them again.
 */
export type Phase = "vocabulary" | "weights" | "compile" | "rows" | "not cached";

/** A step of loading. */
export interface Step {
  /** A file's name; "shaders" in the phase "compile". */
  readonly file: string;
  /** Bytes; compiled shaders in the phase "compile". Never falls within a phase. */
  readonly loaded: number;
  /** What `loaded` will reach; undefined where the server hides it. */
  readonly total: number | undefined;
  /** What the step is part of. */
  readonly phase: Phase;
}

/** A step, and where the load as a whole stands: what a progress bar shows. */
export interface Progress extends Step {
  /**
   * Bytes of all files. `total` is undefined until all files are known, and grows with the few small ones that are met later.
   * It counts the word table, whose rest still arrives when the model is ready.
   */
  readonly overall: {
    /** Bytes so far. */
    readonly loaded: number;
    /** Bytes in all, once known. */
    readonly total: number | undefined;
  };
}

/** Told of every step. What it throws is an uncaught error of the page; the load goes on (a `signal` stops it). */
export type ProgressListener = (progress: Progress) => void;

/** Adds up the steps of one load, of model and tokenizer alike, and tells whoever asked. */
export class ProgressReporter {
  readonly #listeners = new Set<ProgressListener>();
  readonly #steps = new Map<string, { loaded: number; total: number | undefined }>();
  readonly #awaited = new Set<Phase>();

  listen(listener: ProgressListener | undefined): void {
    if (listener) this.#listeners.add(listener);
  }

  /** Files of this phase will come, but it is not known yet which. */
  await(phase: Phase): void {
    this.#awaited.add(phase);
  }

  /** So many bytes of a file will be read. */
  expect(file: string, phase: Phase, total: number): void {
    this.#awaited.delete(phase);
    this.#steps.set(`${phase} ${file}`, { loaded: 0, total });
  }

  /** No file of this phase will come. */
  none(phase: Phase): void {
    this.#awaited.delete(phase);
  }

  readonly tell = (step: Step): void => {
    const { file, phase, loaded, total } = step;
    if (phase !== "compile" && phase !== "not cached") this.#steps.set(`${phase} ${file}`, { loaded, total });
    if (this.#listeners.size === 0) return;
    const steps = [...this.#steps.values()];
    const isKnown = this.#awaited.size === 0 && steps.every((each) => each.total !== undefined);
    const overall = {
      loaded: steps.reduce((sum, each) => sum + each.loaded, 0),
      total: isKnown ? steps.reduce((sum, each) => sum + each.total!, 0) : undefined,
    };
    for (const listener of this.#listeners) notify(listener, { ...step, overall });
  };
}
