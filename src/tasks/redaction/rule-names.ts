// The rules there are; a name is also the label of what its rule finds.

const RULE_NAMES = ["URL", "EMAIL", "IBAN", "MAC", "IP", "CARD", "PHONE"] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** Which rules an option asks for: all by default, names in any case. */
export function ruleNames(rules: boolean | readonly string[]): readonly RuleName[] {
  if (typeof rules === "boolean") return rules ? RULE_NAMES : [];
  return rules.map((rule) => {
    const name = RULE_NAMES.find((known) => known === rule.toUpperCase());
    if (!name) throw new RangeError(`there is no rule "${rule}": the rules are ${RULE_NAMES.join(", ")}`);
    return name;
  });
}
