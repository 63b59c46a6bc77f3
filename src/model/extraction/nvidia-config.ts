// config.json of NVIDIA's classifiers: no backbone of its own, but what its heads mean.
import { CheckpointError } from "../../errors.js";
import { isObject } from "../../json.js";
import type { Fields } from "./fields.js";

export const CONFIG = "config.json";

/** A head of several, and what its classes mean. */
export interface NvidiaHead {
  readonly name: string;
  /** C. */
  readonly size: number;
  /** Of each class, for a head whose answer is a number: Σ p · weight / divisor. */
  readonly weights: readonly number[] | undefined;
  readonly divisor: number;
  /** Names of classes, for a head whose answer is one of them. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** Whether a config.json is of this kind: it has no backbone of its own, though some name the type of theirs. */
export const isNvidiaConfig = (config: Fields | undefined): config is Fields => {
  if (config === undefined) return false;
  const says = (field: string) => config.value(field) !== undefined;
  if (!says("model_type")) return ["base_model", "fc_dropout", "target_sizes"].some(says);
  return (
    config.value("model_type") === "deberta-v2" && (says("target_sizes") || (says("base_model") && says("fc_dropout")))
  );
};

/** The hub id of the backbone. */
export const baseModelOf = (config: Fields): string => config.text("base_model", "microsoft/deberta-v3-base");

/** The heads of config.json; none for the kind with one. */
export function headsOf(config: Fields): NvidiaHead[] {
  const sizes = config.inside("target_sizes");
  if (!sizes) return [];
  const [weights, divisors] = [config.inside("weights_map"), config.inside("divisor_map")];
  return Object.keys(sizes.json).map((name) => {
    const size = sizes.integer(name, 0, 1, 65_536);
    const own = weights?.value(name);
    if (own !== undefined && !(Array.isArray(own) && own.length === size && own.every((w) => typeof w === "number")))
      throw new CheckpointError(`${CONFIG}: weights_map.${name}: ${size} numbers are expected`);
    const labels = name === "task_type" ? config.value("task_type_map") : undefined;
    const divisor = divisors?.value(name) ?? 1;
    if (typeof divisor !== "number" || divisor === 0)
      throw new CheckpointError(`${CONFIG}: divisor_map.${name}: a number is expected`);
    return {
      name,
      size,
      weights: own,
      divisor,
      labels: isObject(labels) ? (labels as Record<string, string>) : undefined,
    };
  });
}
