// Every screen of the built playground: its example is answered without a press, another text gives another answer, and what
// it shows fits what it says.
import { expect, expectState, liveBuffers, LONG, openScreen, visit as test } from "./playground.js";

const LETTER =
  "Dear Ms Novak, the card 5555 5555 5555 4444 and the account NL91 ABNA 0417 1643 00 belong to jo@example.com, 10.0.0.7.";

test("Redact: marks, table, threshold, ticks, replacements, copy", async ({ page }) => {
  await openScreen(page, "redact");
  expect(await page.locator("input, textarea").first().getAttribute("id")).toBe("text");
  await expect(page.getByRole("button", { name: /load|start|download/i })).toHaveCount(0);
  await expect(page.locator('mark[data-label="EMAIL"]')).toHaveText(/^martha\.o@brightwater\.example/);
  await expect(page.locator('mark[data-label="CARD"]')).toHaveText(/^4417 1234 5678 9113/);
  const text = page.getByRole("textbox", { name: "Text" });
  await text.fill(LETTER);
  await expect(page.locator('mark[data-label="IBAN"]')).toHaveText(/^NL91 ABNA 0417 1643 00/);
  await expectState(page, "result");
  const rows = page.getByRole("table", { name: "Found spans" }).getByRole("row");
  const marks = page.locator(".marked mark");
  expect(await marks.count()).toBe((await rows.count()) - 1);
  for (const mark of await marks.all()) {
    const [start, end] = await Promise.all([mark.getAttribute("data-start"), mark.getAttribute("data-end")]);
    expect((await mark.innerText()).startsWith(LETTER.slice(Number(start), Number(end)))).toBe(true);
  }
  await page.getByRole("slider", { name: "Threshold" }).fill("100");
  await expect(page.locator('mark[data-label="IP"]')).toBeVisible(); // what a rule found is certain
  await expect(page.locator(".found .bar")).toHaveCount(0);
  await page.getByRole("checkbox", { name: "Replace 10.0.0.7" }).uncheck();
  await page.getByRole("radio", { name: "Redacted" }).check();
  await page.getByRole("radio", { name: "[PERSON 1]" }).check();
  await page.getByRole("button", { name: "Copy redacted" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe("Dear Ms Novak, the card [CARD 1] and the account [IBAN 1] belong to [EMAIL 1], 10.0.0.7.");
  await expect(page.locator(".redacted")).toHaveText(copied);
});

test("Redact: a text without personal data says which word was nearest to it", async ({ page }) => {
  await openScreen(page, `redact?${new URLSearchParams({ text: "the price rises when demand is high" }).toString()}`);
  await expect(page.locator(".nothing")).toHaveText(/^Nothing found\. Least certain: “\w+”, \d+\.\d % not personal\.$/);
});

test("Redact: the end of a text far longer than the model is read", async ({ page }) => {
  test.skip(!LONG, "slow on a software GPU; test/tasks/redaction.gpu.test.ts reads one");
  await openScreen(page, "redact");
  const end = "My name is Maria Lopez.";
  await page
    .getByRole("textbox", { name: "Text" })
    .fill("the meeting about the budget is on tuesday and will not take long. ".repeat(45) + end);
  await expect(page.locator('mark[data-label="PERSON"]').last()).toHaveText(/^Maria Lopez/, { timeout: 60_000 });
});

test("Zero-shot: labels come and go, the best one follows the text", async ({ page }) => {
  await openScreen(page, "zero-shot");
  const table = page.getByRole("table", { name: "Scores" });
  await expect(table.getByRole("row")).toHaveCount(5);
  await page.getByRole("textbox", { name: "New label" }).fill("a joke");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(table.getByRole("row")).toHaveCount(6);
  await page.getByRole("button", { name: "Remove weather" }).click();
  await expect(table.getByRole("row")).toHaveCount(5);
  await page.getByRole("checkbox", { name: "Several may hold" }).check();
  await expectState(page, "result");
  await expect(page.getByText(/One packed batch of 4 pairs/)).toBeVisible();
  await page.getByRole("textbox", { name: /^Statement/ }).fill("no place for a label");
  await expectState(page, "error");
  await expect(page.getByRole("alert")).toContainText("The engine refuses this input.");
});

test("Extract: what the visitor names is marked; labels come and go; the threshold drops what is unsure", async ({
  page,
}) => {
  await openScreen(page, "extract");
  const marks = page.locator(".marked mark");
  await expect(page.locator('mark[data-label="person"]')).toHaveText(/^Anna Schmidt/);
  await expect(page.locator('mark[data-label="organization"]')).toHaveText(/^Acme Corporation/);
  await page.getByRole("button", { name: "Remove person" }).click();
  await expect(page.locator('mark[data-label="person"]')).toHaveCount(0);
  await page.getByRole("button", { name: "Contact" }).click();
  await expect(page.locator('mark[data-label="email"]')).toHaveText(/^hugo\.berg@example\.org/);
  await expect(marks).toHaveCount(await page.locator(".found tbody tr").count());
  await page.getByRole("textbox", { name: "Text" }).fill("");
  await expectState(page, "empty");
});

test("Ask: the answer is a piece of the text", async ({ page }) => {
  await openScreen(page, "ask");
  const table = page.getByRole("table", { name: "Answers" });
  await expect(table.getByRole("row")).toHaveCount(4);
  const context = page.getByRole("textbox", { name: "Context" });
  await context.fill("The show starts at 8 pm and the tickets cost 20 dollars each.");
  await page.getByRole("textbox", { name: "Question" }).fill("When does the show start?");
  await expectState(page, "result");
  const mark = page.locator(".marked mark");
  if ((await mark.count()) > 0) expect(await context.inputValue()).toContain(await mark.innerText());
  await context.fill("");
  await expectState(page, "empty");
});

test("Fill: a click fills in; two masks give two lists; without a mask it says what is missing", async ({ page }) => {
  await openScreen(page, "fill");
  const text = page.getByRole("textbox", { name: "Text" });
  const first = page.getByRole("table", { name: "Fillings" }).getByRole("button").first();
  const word = await first.innerText();
  await first.click();
  await expect(text).toHaveValue(`I would like to book a ${word} for two people.`);
  await expectState(page, "empty");
  await expect(page.getByText("Put [MASK] where a word is to be guessed.")).toBeVisible();
  await page.getByRole("button", { name: "Two masks" }).click();
  await expect(page.getByRole("table", { name: "Mask 2" })).toBeVisible();
  await text.fill("Hello ");
  await page.getByRole("button", { name: "Insert [MASK]" }).click();
  await expect(text).toHaveValue(/\[MASK\]/);
  await expectState(page, "result");
});

test("Fill: with the mask decoder and without it", async ({ page }) => {
  await openScreen(page, "fill?compare=yes");
  await expect(page.getByRole("table", { name: "Fillings" })).toHaveText(/same place|up \d|down \d|new with/);
});

test("Choose: the scores of all choices add up, rows come and go", async ({ page }) => {
  await openScreen(page, "choose");
  const scores = page.getByRole("table", { name: "Scores" }).locator("tr[data-score]");
  await expect(scores).toHaveCount(3);
  await page.getByRole("button", { name: "Add choice" }).click();
  await expectState(page, "empty");
  await page.getByRole("textbox", { name: "Choice 4" }).fill("Goodbye.");
  await expect(scores).toHaveCount(4);
  await expectState(page, "result");
  const all = await scores.evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset["score"])));
  expect(all.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 5);
});

test("Compare: a text is nearest to itself said otherwise; Rank: the same in order", async ({ page }) => {
  await openScreen(page, "compare");
  const cell = (at: string) => page.locator(`[data-cell="${at}"]`);
  await expect(cell("0,0")).toHaveText("1.00");
  expect(await cell("0,1").innerText()).toBe(await cell("1,0").innerText());
  await expect(page.locator(".stats")).toContainText("Nearest: 1 and 2");
  await page.getByRole("link", { name: "Rank" }).click();
  await expectState(page, "result");
  const ranking = page.getByRole("table", { name: "Ranking" });
  await expect(ranking.getByRole("rowheader").first()).toContainText("A refund reaches your account");
  await expect(ranking.getByRole("rowheader").first()).toContainText("was 3");
});

test("Inspect: tokens, heads, terms and the row as a table, by keyboard too", async ({ page }) => {
  await openScreen(page, "inspect");
  await expect(page.getByRole("heading", { name: "Layer 2, head 1" })).toBeVisible();
  await page.getByRole("radio", { name: "Layer 3, head 2" }).check();
  await expect(page.getByRole("heading", { name: "Layer 3, head 2" })).toBeVisible();
  await page.getByRole("radio", { name: "twice", exact: true }).check();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("heading", { name: "Why “card” looks there" })).toBeVisible();
  await page.getByText("As a table").click();
  const row = page.getByRole("table", { name: "What card looks at" });
  await expect(row).toBeVisible();
  const shares = await row
    .locator("[data-cell]")
    .evaluateAll((cells) => cells.map((cell) => Number(cell.textContent.replace(/[<%\s]/g, ""))));
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(97);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThan(103);
  const terms = await page.locator(".facts dd").last().innerText();
  expect(terms.split("·").reduce((sum, share) => sum + Number.parseInt(share), 0)).toBe(100);
  await page.getByRole("textbox", { name: "Text" }).fill("a short text");
  await expect(page.getByRole("radiogroup", { name: "Reading token" }).getByRole("radio")).toHaveCount(5);
  await page.getByRole("checkbox", { name: "Mask decoder" }).check();
  await page.getByRole("radio", { name: "Mask decoder, pass 2, head 1" }).check();
  await expect(page.getByRole("heading", { name: "Mask decoder, pass 2, head 1" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Change per layer" }).getByRole("rowheader")).toHaveText([
    "layer 1",
    "layer 2",
    "layer 3",
    "D1",
    "D2",
  ]);
});

test("Speed: figures, dispatches, and the same as JSON", async ({ page }) => {
  await openScreen(page, "speed");
  const kernels = page.getByRole("table", { name: "Kernels" });
  await expect(kernels).toContainText("matmul");
  await expect(kernels.getByRole("row").nth(1).getByRole("cell").last()).toHaveText(/^(< 0\.1|\d+\.\d) %$/);
  await expect(page.getByText(/^Peak: .* [1-9][\d.]* GFLOP\/s/)).toBeVisible();
  await expect(page.getByRole("link", { name: "Where the time goes" })).toHaveCount(0);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as JSON" }).click();
  const download = await downloading;
  const stream = await download.createReadStream();
  let json = "";
  for await (const chunk of stream) json += String(chunk);
  const figures = JSON.parse(json) as { runs: number[]; steps: unknown[]; peak: { gflops: number } };
  expect(figures.peak.gflops).toBeGreaterThan(0);
  expect(figures.runs.length).toBeGreaterThanOrEqual(3);
  await page.getByText(/^\d+ dispatches/).click();
  await page.getByRole("textbox", { name: "Filter" }).fill("softmax");
  await expect(page.getByRole("region", { name: "Dispatches" })).not.toContainText("conv1d");
});

test("ten screens in a row leave no more on the GPU than one; a switch while a model loads too", async ({ page }) => {
  await openScreen(page, "redact");
  const first = await liveBuffers(page);
  const names = [
    "Classify",
    "Inspect",
    "Speed",
    "Fill a blank",
    "Redact",
    "Classify",
    "Storage",
    "Inspect",
    "Classify",
  ];
  for (const name of names) await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("link", { name: "Redact", exact: true }).click();
  await expect(page.locator("main")).toHaveAttribute("data-screen", "redact");
  await expectState(page, "result");
  await expect.poll(() => liveBuffers(page)).toBeLessThanOrEqual(first + 2);
});

test("Speed: figures of this device, and those of onnxruntime-web when they are asked for", async ({ page, watch }) => {
  test.skip(!LONG, "measures three engines one after the other");
  test.slow();
  await openScreen(page, "speed");
  await expect(page.getByRole("table", { name: "Kernels" })).toContainText("addMatmul");
  expect(watch.requests.filter((request) => /onnx|\.wasm/.test(request))).toEqual([]);
  await page.getByRole("button", { name: /^Measure it/ }).click();
  const onProcessor = page
    .getByRole("table", { name: "Beside onnxruntime-web" })
    .getByRole("row", { name: /^WebAssembly/ });
  await expect(onProcessor).toBeVisible({ timeout: 90_000 });
  expect(Number(await onProcessor.getByRole("cell").last().innerText())).toBeLessThan(1e-4);
});
