// The playground's colours: every text on every ground it stands on reaches WCAG's 4.5, edges of controls and the focus
// ring 3, in both themes. Reads the custom properties out of the style sheet.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("../../demo/style/base.css", import.meta.url), "utf8");
const colours = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\)/g)].map(
    ([, name, light, dark]) => [name!, [light!, dark!]] as const,
  ),
);

const GROUNDS = ["bg", "surface", "sunken"];
const PAIRS: [text: string, grounds: string[], least: number][] = [
  ...["text", "text2", "text3", "accent", "danger", "warn", "ok"].map((text): [string, string[], number] => [
    text,
    GROUNDS,
    4.5,
  ]),
  ["on-accent", ["accent", "accent-hover"], 4.5],
  ["on-accent-soft", ["accent-soft"], 4.5],
  ["danger", ["danger-soft"], 4.5],
  ["warn", ["warn-soft"], 4.5],
  ["control", GROUNDS, 3],
  ["focus", GROUNDS, 3],
];

/** Relative luminance as WCAG 2 defines it. */
function luminance(colour: string): number {
  const digits = colour.length === 4 ? colour.replace(/\w/g, "$&$&") : colour;
  const [red, green, blue] = [1, 3, 5]
    .map((at) => parseInt(digits.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

test.each([
  ["light", 0],
  ["dark", 1],
] as const)("%s theme", (_, theme) => {
  for (const [text, grounds, least] of PAIRS)
    for (const ground of grounds) {
      const ratio = contrast(colours.get(text)![theme], colours.get(ground)![theme]);
      expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(least);
    }
});
