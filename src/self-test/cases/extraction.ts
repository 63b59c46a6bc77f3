// The kernels that models for extraction add: pooling, span scores, LSTM, GRU, products of sums and pairs, small attention.
import { groupAttention } from "../../kernels/group-attention.js";
import { gruStep } from "../../kernels/gru-step.js";
import { lstm } from "../../kernels/lstm.js";
import { pairMatmul, sumMatmul } from "../../kernels/pair-matmul.js";
import { poolRows, POOLINGS } from "../../kernels/pool-rows.js";
import { addScaledRows, scaleRows } from "../../kernels/scale-rows.js";
import { spanScores } from "../../kernels/span-scores.js";
import { caseGraph, type GraphCase } from "../case.js";
import { randomValues } from "./random.js";

const pooling: GraphCase = {
  name: "poolRows: every fold, runs of no, one and many rows, negative columns, wider than a workgroup",
  build() {
    const made = caseGraph();
    for (const width of [4, 260]) {
      const x = made.input(
        `x ${width}`,
        randomValues(9 * width, width).map((value) => value - 0.5),
        9,
        width,
      );
      const segments = made.input("segments", Uint32Array.of(0, 9, 3, 0, 8, 1, 2, 3, 9, 0), 5, 2);
      for (const kind of POOLINGS) made.graph.add(`${kind} ${width}`, poolRows, [x, segments], { pooling: kind });
      made.graph.add(`relu ${width}`, poolRows, [x, segments], { pooling: "max", activation: "relu" });
    }
    return made;
  },
};

/** Texts of these many words with these many labels, and a word row and a label row that belong to none. */
const TEXTS: readonly (readonly [words: number, labels: number])[] = [
  [1, 1],
  [7, 5],
  [0, 3],
  [4, 0],
  [18, 8],
];

function spans(widths: number, X: number, form: "relu" | "sum"): GraphCase {
  return {
    name: `spanScores ${form}: ${widths} widths of ${X} columns, texts of different words and labels`,
    build() {
      const made = caseGraph();
      const words: number[] = [];
      let [word, label] = [0, 0];
      for (const [count, labels] of TEXTS) {
        for (let i = 0; i < count; i++) words.push(label, labels, word + count);
        word += count;
        label += labels;
      }
      words.push(0, 0, 0);
      const width = (form === "sum" ? 2 * X : X) + 4;
      const operands = [
        made.input("start", randomValues((word + 1) * X, 1), word + 1, X),
        made.input("end", randomValues((word + 1) * X, 2), word + 1, X),
        made.input("label", randomValues(label * width, 3), label, width),
        made.input("words", Uint32Array.from(words), word + 1, 3),
      ] as const;
      made.graph.add("scores", spanScores, operands, { widths, labels: 8, form });
      return made;
    },
  };
}

function recurrence(hidden: number, blocks: readonly (readonly [number, number])[]): GraphCase {
  return {
    name: `lstm: ${hidden} units, texts of 0 to 21 words, ${blocks.length} dispatches`,
    tolerance: 2e-5, // rounding passes through twenty steps
    build() {
      const made = caseGraph();
      const lengths = [1, 21, 0, 8];
      const rows = lengths.reduce((a, b) => a + b) + 2;
      let first = 0;
      const texts = Uint32Array.from(lengths.flatMap((count) => [(first += count) - count, count]));
      const scale = 1.5 / Math.sqrt(hidden);
      const operands = [
        made.input("gates", randomValues(rows * 8 * hidden, 1, 2), rows, 8 * hidden),
        made.resident("weight", randomValues(hidden * 8 * hidden, 2, scale), hidden, 8 * hidden),
        made.resident("bias", randomValues(8 * hidden, 3), 8 * hidden),
        made.input("texts", texts, lengths.length, 2),
      ] as const;
      let y;
      for (const steps of blocks) y = made.graph.add(`steps ${steps[0]}`, lstm, operands, { hidden, steps }, y);
      return made;
    },
  };
}

const products: GraphCase = {
  name: "sumMatmul, pairMatmul: terms inside the activation, pairs in any order",
  build() {
    const made = caseGraph();
    for (const [I, J, R, K, N] of [
      [1, 1, 1, 4, 4],
      [17, 5, 40, 36, 60],
    ] as const) {
      const id = `${R} of ${K}`;
      const input = (name: string, rows: number, width: number, seed: number) =>
        made.input(`${name} ${id}`, randomValues(rows * width, seed), rows, width);
      const x = input("x", I, K, 1);
      const w = made.resident(`w ${id}`, randomValues(K * N, 2), K, N);
      const bias = made.resident(`bias ${id}`, randomValues(N, 3), N);
      const added = input("added", I, N, 4);
      made.graph.add(`sum ${id}`, sumMatmul, [x, w, bias, added], { activation: "relu" });
      const pairs = Uint32Array.from({ length: 2 * R }, (_, at) => (at % 2 === 0 ? (at * 7) % I : (at * 3) % J));
      made.graph.add(
        `pairs ${id}`,
        pairMatmul,
        [
          x,
          w,
          bias,
          input("other", J, K, 5),
          added,
          input("otherAdded", J, N, 6),
          made.input(`pairs ${id}`, pairs, R, 2),
        ],
        { activation: "relu" },
      );
    }
    return made;
  },
};

const steps: GraphCase = {
  name: "gruStep, groupAttention, scaleRows: rows of several groups, large values",
  build() {
    const made = caseGraph();
    for (const D of [4, 260]) {
      const input = made.input(`input ${D}`, randomValues(2 * 3 * D, 1, 30), 2, 3 * D);
      const hidden = made.input(`hidden ${D}`, randomValues(5 * 3 * D, 2, 60), 5, 3 * D);
      const h = made.input(`h ${D}`, randomValues(5 * D, 3), 5, D);
      for (const step of [0, 1]) made.graph.add(`gru ${D} ${step}`, gruStep, [input, hidden, h], { step });
    }
    for (const [heads, width, scale] of [
      [4, 32, 0.2],
      [1, 4, 20],
    ] as const) {
      const bounds = Uint32Array.of(0, 1, 1, 4, 1, 4, 1, 4, 4, 6, 4, 6);
      const D = heads * width;
      const qkv = made.input(`qkv ${D}`, randomValues(6 * 3 * D, D), 6, 3 * D);
      made.graph.add(`attention ${D}`, groupAttention, [qkv, made.input("bounds", bounds, 6, 2)], { heads, scale });
    }
    const x = made.input("x", randomValues(3 * 260, 4), 3, 260);
    const operands = [
      x,
      made.input("scales", randomValues(2 * 8, 5), 2, 8),
      made.input("groups", Uint32Array.of(0, 1, 1), 3),
    ] as const;
    const scaled = made.graph.add("scaled", scaleRows, operands, { column: 7 });
    made.graph.add("added", addScaledRows, [...operands, scaled], { column: 2 });
    return made;
  },
};

export const EXTRACTION_CASES: readonly GraphCase[] = [
  pooling,
  spans(1, 4, "relu"),
  spans(12, 40, "relu"),
  spans(13, 36, "relu"),
  spans(5, 36, "sum"),
  recurrence(4, [[0, 32]]),
  recurrence(72, [
    [0, 5],
    [5, 6],
    [6, 32],
  ]),
  products,
  steps,
];
