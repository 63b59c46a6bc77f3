// The options of a call, checked and resolved as Transformers 4.57 does (`_get_padding_truncation_strategies`).
import type { EncodeOptions, Padding, Side, TruncationStrategy } from "./encoding.js";
import type { Settings } from "./settings.js";

/** How far to cut: `maxLength` counts special tokens. */
export interface CallTruncation {
  readonly strategy: Exclude<TruncationStrategy, "do_not_truncate">;
  readonly maxLength: number;
  readonly stride: number;
  readonly side: Side;
}

export interface Call {
  readonly truncation: CallTruncation | undefined;
  readonly padding: Pick<Padding, "to" | "multipleOf" | "side"> | undefined;
  /** Whether a length is known, be it used or not. */
  readonly hasLength: boolean;
  readonly addSpecialTokens: boolean;
  readonly returnOverflowingTokens: boolean;
  readonly isSplitIntoWords: boolean;
}

const TRUNCATION: readonly unknown[] = [true, false, "longest_first", "only_first", "only_second", "do_not_truncate"];
const PADDING: readonly unknown[] = [true, false, "longest", "max_length", "do_not_pad"];
const SIDES: readonly unknown[] = ["right", "left"];

/** Throws RangeError for a value that an option cannot have. */
export function resolveCall(options: EncodeOptions, settings: Settings): Call {
  const { maxLength, padToMultipleOf, stride = 0, padding = false } = options;
  const paddingSide = options.paddingSide ?? settings.paddingSide;
  const truncationSide = options.truncationSide ?? settings.truncationSide;
  oneOf("truncation", options.truncation ?? false, TRUNCATION);
  oneOf("padding", padding, PADDING);
  oneOf("paddingSide", paddingSide, SIDES);
  oneOf("truncationSide", truncationSide, SIDES);
  count("maxLength", maxLength ?? 0, 0);
  count("stride", stride, 0);
  count("padToMultipleOf", padToMultipleOf ?? 1, 1);

  let strategy = options.truncation ?? (maxLength !== undefined && padding === false);
  if (strategy === true) strategy = "longest_first";
  // Without any limit "as long as allowed" means nothing.
  const limit = maxLength ?? (settings.modelMaxLength < Infinity ? settings.modelMaxLength : undefined);
  const truncates = strategy !== false && strategy !== "do_not_truncate" && limit !== undefined;
  const to = padding === true || padding === "longest" ? "longest" : padding === "max_length" ? limit : undefined;
  if (truncates && to !== undefined && limit % (padToMultipleOf ?? 1) !== 0)
    throw new RangeError(`maxLength ${limit} is not a multiple of padToMultipleOf ${padToMultipleOf!}`);
  return {
    truncation: truncates
      ? { strategy: strategy as CallTruncation["strategy"], maxLength: limit, stride, side: truncationSide }
      : undefined,
    padding: to === undefined ? undefined : { to, multipleOf: padToMultipleOf, side: paddingSide },
    hasLength: maxLength !== undefined || truncates || typeof to === "number",
    addSpecialTokens: options.addSpecialTokens ?? true,
    returnOverflowingTokens: options.returnOverflowingTokens ?? false,
    isSplitIntoWords: options.isSplitIntoWords ?? false,
  };
}

function oneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value))
    throw new RangeError(
      `${name} is ${JSON.stringify(value)}; it can be ${allowed.map((each) => JSON.stringify(each)).join(", ")}`,
    );
}

function count(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new RangeError(`${name} is ${value}, not a whole number from ${least}`);
}
