// How kinds of personal data look: a hue for the group (e1 … e8), an underline for the member. Unknown labels share the last.

const GROUPS: readonly (readonly string[])[] = [
  ["PERSON", "PER", "NAME"],
  ["ORGANIZATION", "ORG", "COMPANY"],
  ["LOCATION", "ADDRESS", "LOC", "GPE"],
  ["DATE", "TIME"],
  ["PHONE", "FAX"],
  ["EMAIL", "URL", "IP", "MAC"],
  ["CARD", "ACCOUNT", "IBAN"],
  ["MONEY"],
];
const LINES = ["solid", "dashed", "dotted", "double"] as const;

/** The classes of a label's mark. */
export function classesOf(label: string): string {
  const hue = GROUPS.findIndex((group) => group.includes(label.toUpperCase()));
  const member = GROUPS[hue]?.indexOf(label.toUpperCase()) ?? 0;
  return `e${hue === -1 ? GROUPS.length : hue + 1} ${LINES[member % LINES.length]!}`;
}

export const wordsOf = (label: string): string => label.toLowerCase().replaceAll("_", " ");
