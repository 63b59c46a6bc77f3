// The page around the screens: accessible in both themes and at two widths, no wider than the narrowest phone, shut
// towards other servers, and still there without a connection.
import AxeBuilder from "@axe-core/playwright";
import { expect, expectState, openModelDialog, test } from "./playground.js";

const TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"];

for (const colorScheme of ["light", "dark"] as const)
  for (const width of [1280, 390])
    test(`axe finds nothing: ${colorScheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      await page.goto("/");
      await expectState(page, "result");
      const violations = async () => (await new AxeBuilder({ page }).withTags(TAGS).analyze()).violations;
      expect(await violations()).toEqual([]);
      await openModelDialog(page);
      for (const source of ["Bundled", "Hugging Face", "Address", "Files"]) {
        await page.getByRole("radio", { name: source }).check();
        expect(await violations()).toEqual([]);
      }
      await page.keyboard.press("Escape");
      await page.getByRole("textbox", { name: "Text" }).fill("");
      expect(await violations()).toEqual([]);
    });

test("320 px show everything without scrolling sideways", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("/");
  await expectState(page, "result");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

test("the dialog gives the focus back; the theme button is remembered", async ({ page }) => {
  await page.goto("/");
  await openModelDialog(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /^Model/ })).toBeFocused();
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await page.reload();
  await expect(page.getByRole("button", { name: "Use the light theme" })).toBeVisible();
});

test("the page cannot talk to anybody else", async ({ page, watch }) => {
  watch.expectErrors("Content Security Policy", "Failed to fetch");
  await page.goto("/");
  const reached = await page.evaluate(() =>
    fetch("https://example.org/").then(
      () => true,
      () => false,
    ),
  );
  expect(reached).toBe(false);
  for (const path of ["/", "/hub.html", "/sw.js"]) {
    const policy = (await page.request.get(path)).headers()["content-security-policy"];
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
  }
});

test.describe("with its service worker", () => {
  test.use({ serviceWorkers: "allow" });

  test("the page is there without a connection", async ({ page, context, watch }) => {
    watch.expectErrors("ERR_INTERNET_DISCONNECTED", "Failed to load resource");
    await page.goto("/");
    await expectState(page, "result");
    const missing = () =>
      page.evaluate(async () => {
        const cache = await caches.open("playground");
        const loaded = performance.getEntriesByType("resource").filter(({ name }) => !name.includes("/models/"));
        const kept = await Promise.all(loaded.map(async ({ name }) => (await cache.match(name)) !== undefined));
        return kept.filter((isKept) => !isKept).length;
      });
    await expect.poll(missing).toBe(0);
    await context.setOffline(true);
    await page.reload();
    await expect(page.getByRole("heading", { name: "Classify" })).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Text" })).toHaveValue("wake me up at half past six tomorrow");
  });
});
