// How kinds of entities look: a hue for the group (e1 … e8), an underline for the member.

const GROUPS: readonly (readonly string[])[] = [
  ["PERSON", "PER", "NAME"],
  ["ORGANIZATION", "ORG", "COMPANY"],
  ["LOCATION", "ADDRESS", "CITY", "LOC", "GPE"],
  ["DATE", "TIME"],
  ["PHONE", "FAX", "PHONE NUMBER"],
  ["EMAIL", "URL", "IP", "MAC"],
  ["CARD", "ACCOUNT", "IBAN"],
  ["MONEY", "PRICE"],
];
const LINES = ["solid", "dashed", "dotted", "double"] as const;

const groupOf = (label: string): number => GROUPS.findIndex((group) => group.includes(label.toUpperCase()));

/** The classes of a label's mark; unknown ones share the last hue. */
export function classesOf(label: string): string {
  const group = groupOf(label);
  const member = GROUPS[group]?.indexOf(label.toUpperCase()) ?? 0;
  return `e${group === -1 ? GROUPS.length : group + 1} ${LINES[member % LINES.length]!}`;
}

/** Of labels that a visitor names: each unknown one gets the next hue that none of the known ones has. */
export function classesAmong(labels: readonly string[]): (label: string) => string {
  const taken = new Set(labels.map(groupOf));
  const free = GROUPS.map((_, group) => group).filter((group) => !taken.has(group));
  const unknown = labels.filter((label) => groupOf(label) === -1);
  return (label) => {
    const at = unknown.indexOf(label);
    if (at === -1 || free.length === 0) return classesOf(label);
    const line = LINES[Math.floor(at / free.length) % LINES.length]!;
    return `e${free[at % free.length]! + 1} ${line}`;
  };
}

export const wordsOf = (label: string): string => label.toLowerCase().replaceAll("_", " ");
