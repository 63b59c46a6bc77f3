// The recurrence of one bidirectional LSTM layer on the host: the same sums as kernels/lstm.wgsl. Nearly all of its work is a product
// of each step's state with the weights, by WebAssembly for long texts, else (and where a page's policy forbids it) in JavaScript.
import { RECURRENCE } from "./recurrence-wasm.js";

/** Weights as on the device: W_hh [H, 8·H] and b_hh [8·H], forward i f g o, then backward. */
export interface RecurrentWeights {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** First word and words of each text, in pairs. */
export type TextTable = Uint32Array;

/** A step's state h [H] and its sums [4·H], to which `add` adds h·W of a direction. */
interface Product {
  readonly h: Float32Array;
  readonly sums: Float32Array;
  add(direction: number): void;
}

/** Multiply-adds from which WebAssembly is worth its set-up: some 40 ms of JavaScript. */
const MANY = 2 ** 24;

export class Recurrence {
  private readonly weights: RecurrentWeights;
  private readonly H: number;
  private inWasm: Product | null | undefined;

  /** @param H units of a direction, a multiple of 4 */
  constructor(weights: RecurrentWeights, H: number) {
    this.weights = weights;
    this.H = H;
  }

  /**
   * gates [L, 8·H] → states [L, 2·H] of all texts.
   * @param engine what multiplies; by the amount of work unless given
   */
  run(gates: Float32Array, texts: TextTable, engine?: "wasm" | "js"): Float32Array {
    const { H, weights } = this;
    const rows = gates.length / (8 * H);
    const wanted = engine ?? (rows * 8 * H * H >= MANY ? "wasm" : "js");
    const product = (wanted === "wasm" && this.wasm()) || inJavaScript(weights, H);
    const states = new Float32Array(rows * 2 * H);
    for (let text = 0; text < texts.length; text += 2) {
      for (const direction of [0, 1]) {
        const cell = new Float32Array(H);
        product.h.fill(0);
        for (let step = 0; step < texts[text + 1]!; step++) {
          const row = texts[text]! + (direction ? texts[text + 1]! - 1 - step : step);
          const from = direction * 4 * H;
          for (let j = 0; j < 4 * H; j++) product.sums[j] = gates[row * 8 * H + from + j]! + weights.bias[from + j]!;
          product.add(direction);
          activate(product, cell);
          states.set(product.h, row * 2 * H + direction * H);
        }
      }
    }
    return states;
  }

  private wasm(): Product | null {
    if (this.inWasm === undefined) this.inWasm = inWebAssembly(this.weights.weight, this.H);
    return this.inWasm;
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function activate({ h, sums }: Product, cell: Float32Array): void {
  const H = h.length;
  for (let j = 0; j < H; j++) {
    const c = sigmoid(sums[H + j]!) * cell[j]! + sigmoid(sums[j]!) * Math.tanh(sums[2 * H + j]!);
    cell[j] = c;
    h[j] = sigmoid(sums[3 * H + j]!) * Math.tanh(c);
  }
}

function inJavaScript({ weight }: RecurrentWeights, H: number): Product {
  const [h, sums] = [new Float32Array(H), new Float32Array(4 * H)];
  return {
    h,
    sums,
    add(direction) {
      for (let k = 0; k < H; k++) addScaled(sums, weight, (2 * k + direction) * 4 * H, h[k]!);
    },
  };
}

/** The inner loop by itself, so that engines compile it early: sums += scale · weight[from, …]. */
function addScaled(sums: Float32Array, weight: Float32Array, from: number, scale: number): void {
  for (let j = 0; j < sums.length; j++) sums[j] = sums[j]! + scale * weight[from + j]!;
}

/** Columns of a block in recurrence.wat. */
const BLOCK = 16;
const PAGE = 65_536;

/** Null where WebAssembly, its vectors or the memory are not to be had. */
function inWebAssembly(weight: Float32Array, H: number): Product | null {
  try {
    const bytes = Uint8Array.from(atob(RECURRENCE), (sign) => sign.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const { memory, product } = exports as {
      readonly memory: WebAssembly.Memory;
      readonly product: (weight: number, h: number, sums: number, units: number, columns: number) => void;
    };
    const first = 5 * H; // h and sums lie in front of the weights
    memory.grow(Math.ceil((4 * (first + weight.length)) / PAGE) - 1);
    const floats = new Float32Array(memory.buffer);
    for (let column = 0, at = first; column < 8 * H; column += BLOCK) {
      for (let k = 0; k < H; k++, at += BLOCK)
        floats.set(weight.subarray(k * 8 * H + column, k * 8 * H + column + BLOCK), at);
    }
    return {
      h: floats.subarray(0, H),
      sums: floats.subarray(H, first),
      add: (direction) => product(4 * (first + direction * 4 * H * H), 0, 4 * H, H, 4 * H),
    };
  } catch {
    return null;
  }
}
