// Every screen as it looks: axe finds nothing in both themes and at two widths, pictures of each are kept to be looked at
// (test-results/screens), and nothing is wider than the narrowest phone.
import AxeBuilder from "@axe-core/playwright";
import { mkdirSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, LONG, openModelDialog, openScreen, visit as test } from "./playground.js";

const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];
const SCREENS = [
  "redact",
  "classify",
  "zero-shot",
  "extract",
  "ask",
  "fill",
  "choose",
  "rank",
  "compare",
  "inspect",
  "speed",
  "storage",
];
const PICTURES = "test-results/screens";
/** All four in the long run; two of them tell most. */
const LOOKS = (
  [
    ["light", 1280],
    ["dark", 390],
    ["dark", 1280],
    ["light", 390],
  ] as const
).slice(0, LONG ? 4 : 2);

const violations = async (page: Page) => (await new AxeBuilder({ page }).withTags(TAGS).analyze()).violations;

/** Pictures in themes and widths, and what axe finds at each. */
async function lookAt(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  for (const [colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 844 });
    await page.screenshot({ path: `${PICTURES}/${name}-${colorScheme}-${width}.png`, fullPage: true });
    expect(await violations(page), `${name}, ${colorScheme}, ${width}`).toEqual([]);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth), `${name} at 320 px`).toBe(320);
}

for (const name of SCREENS)
  test(name, async ({ page }) => {
    test.slow();
    await openScreen(page, name, /^(result|empty)$/); // an empty store shows what to do
    await lookAt(page, name);
  });

test("on a phone the strip of links shows the chosen screen", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [name, label] of [
    ["compare", "Compare"],
    ["redact", "Redact"],
    ["storage", "Storage"],
  ] as const) {
    await page.goto(`/#${name}`);
    await expect(page.locator("main")).toHaveAttribute("data-screen", name);
    await expect(page.getByRole("link", { name: label, exact: true }).first()).toBeInViewport({ ratio: 1 });
  }
});

test("on a phone a long e-mail address breaks at its signs, not inside a word", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const address = "bartholomew.featherstone@brightwater-clinic.example";
  await openScreen(page, `redact?${new URLSearchParams({ text: `Write to ${address} today.` }).toString()}`);
  const cell = page.locator(".found td.wrap", { hasText: "@" });
  await expect(cell).toContainText(address);
  const linesOfWords = await cell.evaluate((element) => {
    const words: Range[] = [];
    for (const node of element.childNodes)
      for (const { 0: word, index } of (node.textContent ?? "").matchAll(/\p{L}+/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        words.push(range);
      }
    return words.map((word) => word.getClientRects().length);
  });
  expect(linesOfWords).toEqual([1, 1, 1, 1, 1]);
});

test("the Model dialog", async ({ page }) => {
  test.slow();
  await openScreen(page, "classify");
  await openModelDialog(page);
  for (const source of ["Hugging Face", "Address", "Files", "Bundled"]) {
    await page.getByRole("radio", { name: source }).check();
    expect(await violations(page)).toEqual([]);
  }
  await lookAt(page, "model-dialog");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /^Model/ })).toBeFocused();
});

test("an error, and nothing to do", async ({ page, watch }) => {
  test.slow();
  watch.expectErrors("404");
  await openScreen(page, "redact?model=url:./models/none/", "error");
  await lookAt(page, "error");
  await openScreen(page, "redact?text=", "empty");
  await lookAt(page, "empty");
});
