// The Classify screen as a visitor meets it: an answer without a press, other texts, other models, links, what goes wrong.
import { readFile } from "node:fs/promises";
import {
  bestLabel,
  expect,
  expectState,
  INTENT,
  liveBuffers,
  LONG,
  loseDevices,
  MODELS,
  MOOD,
  openModelDialog,
  openScreen,
  serve,
  test,
  visit,
} from "./playground.js";

visit("an example is answered without a press, and the first text field is the task's", async ({ page }) => {
  await openScreen(page, "classify");
  await expect(bestLabel(page)).toHaveText("alarm");
  await expect(page.getByRole("status").filter({ hasText: /^alarm: \d+\.\d % of 151 labels, \d/ })).toBeAttached();
  await expect(page.locator(".stats")).toHaveText(/151 labels[\d.]+ m?s\d+ tokens[\d.]+ MB on the GPU/);
  expect(await page.locator("input, textarea").first().getAttribute("id")).toBe("text");
  await expect(page.getByRole("button", { name: /load|start|download/i })).toHaveCount(0);
});

visit("another text gives another label; typing fast leaves the last one's", async ({ page }) => {
  await openScreen(page, "classify");
  const text = page.getByRole("textbox", { name: "Text" });
  await text.fill("how many calories are in a banana");
  await expect(bestLabel(page)).toHaveText("calories");
  await text.fill("");
  await expectState(page, "empty");
  await text.pressSequentially("tell me a joke", { delay: 5 });
  await expect(bestLabel(page)).toHaveText("tell_joke");
  await expectState(page, "result");
  await page.getByRole("button", { name: "Travel" }).click();
  await expect(bestLabel(page)).toHaveText("travel_alert");
  await expect(page.getByRole("table", { name: "Scores" }).getByRole("rowheader")).toHaveCount(5);
  await page.getByRole("button", { name: "146 more" }).click();
  await expect(page.getByRole("table", { name: "Scores" }).getByRole("rowheader")).toHaveCount(151);
});

visit("Esc stops a run, the last result stays and says so; Ctrl+Enter runs", async ({ page }) => {
  await openScreen(page, "classify");
  const text = page.getByRole("textbox", { name: "Text" });
  await text.fill("how many calories are in a banana");
  await expectState(page, "running");
  await text.press("Escape");
  await expectState(page, "result");
  await expect(page.getByText("Stopped. Run reads this text.")).toBeVisible();
  await page.waitForTimeout(1500); // longer than the pause before a run
  await expect(bestLabel(page)).toHaveText("alarm");
  await text.press("Control+Enter");
  await expect(bestLabel(page)).toHaveText("calories");
  await expect(page.getByText("Stopped.")).toHaveCount(0);
});

visit("another bundled model; nothing stays on the GPU when it is unloaded", async ({ page }) => {
  await openScreen(page, "classify");
  const buffers = () => liveBuffers(page);
  const first = await buffers();
  expect(first).toBeGreaterThan(0);
  for (const title of LONG ? ["Mood", "Intent", "Mood"] : ["Mood"]) {
    await openModelDialog(page);
    await page.getByRole("dialog").getByRole("button", { name: title }).click();
    await expectState(page, "result");
  }
  await expect(bestLabel(page)).toHaveText("positive");
  await expect(page.locator("main")).toHaveAttribute("data-model", MOOD);
  expect(await buffers()).toBeLessThanOrEqual(first);
  await openModelDialog(page);
  await page.getByRole("button", { name: "Free its memory" }).click();
  await expectState(page, "empty");
  await expect.poll(buffers).toBe(0);
  await page.getByRole("button", { name: `Use ${MOOD} again` }).click();
  await expectState(page, "result");
});

visit("a full disk: the model answers, and the page says that it is not kept", async ({ page, site }) => {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(site.url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 << 20 });
  await openScreen(page, "fill");
  const note = page.getByText("No room to keep this model.");
  await expect(note).toBeVisible();
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await page.getByRole("link", { name: "Storage" }).last().click();
  await openScreen(page, "fill");
  await expect(note).toHaveCount(0);
  await session.detach();
});

visit("a link holds model, text and options", async ({ page, context }) => {
  await openScreen(page, `classify?model=${MOOD}`);
  await page.getByRole("textbox", { name: "Text" }).fill("What a terrible day & night, 100 % awful #sad");
  await page.getByRole("radio", { name: "Several" }).check();
  await expect(bestLabel(page)).toHaveText("negative");
  await page.getByRole("button", { name: "Copy link to this screen" }).click();
  await expect(page.getByText("The link holds your text")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await context.newPage();
  await other.goto(link);
  await expectState(other, "result");
  await expect(other.getByRole("textbox", { name: "Text" })).toHaveValue(
    "What a terrible day & night, 100 % awful #sad",
  );
  await expect(other.getByRole("radio", { name: "Several" })).toBeChecked();
  await expect(bestLabel(other)).toHaveText("negative");
});

visit("the code for this screen can be copied and names what is chosen", async ({ page }) => {
  await openScreen(page, `classify?model=${MOOD}&text=fine&scores=sigmoid`);
  await page.getByText("The code for this screen").click();
  await page.getByRole("button", { name: "Copy code" }).click();
  const code = await page.evaluate(() => navigator.clipboard.readText());
  expect(code).toContain(`pipeline("text-classification", "./models/${MOOD}/")`);
  expect(code).toContain('functionToApply: "sigmoid"');
});

visit("files from this device, with labels that look like markup", async ({ page }) => {
  const config = JSON.parse(await readFile(`${MODELS}/${MOOD}/config.json`, "utf8")) as Record<string, unknown>;
  config["id2label"] = { 0: "bad", 1: "so so", 2: "<img src=x onerror=\"document.title='hacked'\">" };
  config["label2id"] = undefined;
  const file = async (name: string) => ({
    name,
    mimeType: "application/octet-stream",
    buffer: name === "config.json" ? Buffer.from(JSON.stringify(config)) : await readFile(`${MODELS}/${MOOD}/${name}`),
  });
  await openScreen(page, "classify");
  await openModelDialog(page);
  await page.getByRole("radio", { name: "Files" }).check();
  await page.locator("input[type=file]").setInputFiles([await file("config.json")]);
  await expect(
    page.getByText("Still missing: weights (model.safetensors), spm.model or tokenizer.json."),
  ).toBeVisible();
  await page
    .locator("input[type=file]")
    .setInputFiles(
      await Promise.all(["config.json", "model.safetensors", "spm.model", "tokenizer_config.json"].map(file)),
    );
  await page.getByRole("button", { name: "Load" }).click();
  await expectState(page, "result");
  await expect(bestLabel(page)).toHaveText(/^<img src=x onerror=/);
  await expect(page.locator("main img")).toHaveCount(0);
  expect(await page.title()).not.toBe("hacked");
});

visit("dropped files open the dialog", async ({ page }) => {
  await openScreen(page, "classify");
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    for (const name of ["config.json", "model.safetensors"]) dataTransfer.items.add(new File(["{}"], name));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await expect(page.getByRole("dialog").getByText("model.safetensors", { exact: true })).toBeVisible();
  await expect(page.getByText("Still missing: spm.model or tokenizer.json.")).toBeVisible();
});

visit("an address on this server; a wrong one says what is wrong and can be tried again", async ({ page, watch }) => {
  watch.expectErrors("404");
  await openScreen(page, "classify");
  await openModelDialog(page);
  await page.getByRole("radio", { name: "Address" }).check();
  await page.getByRole("textbox", { name: "Address" }).fill("./models/tiny-wood");
  await page.getByRole("button", { name: "Load" }).click();
  await expectState(page, "error");
  await expect(page.getByRole("alert")).toContainText("The model was not found.");
  await expect(page.getByRole("alert")).toContainText("config.json");
  await page.getByRole("button", { name: "Try again" }).click();
  await expectState(page, "error");
  await openModelDialog(page);
  await page.getByRole("radio", { name: "Address" }).check();
  await page.getByRole("textbox", { name: "Address" }).fill(`/models/${MOOD}/`);
  await page.getByRole("button", { name: "Load" }).click();
  await expectState(page, "result");
});

test("a model from another server is fetched by the page that may do so", async ({ page, watch, site }) => {
  await watch.leaveWorker();
  const other = await serve({ folder: MODELS, allowOrigin: site.url });
  watch.expectServer(other.url);
  watch.expectErrors("404"); // files a model may lack
  await openScreen(page, "classify");
  await openModelDialog(page);
  await page.getByRole("radio", { name: "Address" }).check();
  await page.getByRole("textbox", { name: "Address" }).fill(`${other.url}/${MOOD}/`);
  await expect(page.getByText("Loading goes on in a page that may fetch model files")).toBeVisible();
  await page.getByRole("button", { name: "Load" }).click();
  await page.waitForURL("**/hub.html#**");
  await expectState(page, "result");
  await expect(page.getByRole("textbox", { name: "Text" })).toHaveValue("wake me up at half past six tomorrow");
  await other.close();
});

visit("a model whose head is for another screen says which, and leads there", async ({ page }) => {
  await openScreen(page, `ask?model=url:./models/${MOOD}/&text=fine`, "error");
  await expect(page.getByText("This model classifies texts.")).toBeVisible();
  await page.getByRole("link", { name: "Open Classify" }).click();
  await expect(page.locator("main")).toHaveAttribute("data-screen", "classify");
  await expect(bestLabel(page)).toHaveText(/^(positive|neutral|negative)$/);
});

visit("a link to a model elsewhere asks before it fetches", async ({ page }) => {
  // The watch fails this test when anybody else is asked for anything.
  await openScreen(page, "classify?model=hub:somebody/some-model&text=hello", "empty");
  await expect(page.getByText("Nothing was fetched yet")).toBeVisible();
  await page.getByRole("button", { name: `Use ${INTENT}` }).click();
  await expectState(page, "result");
});

test("a lost device: the model is loaded again by itself, once", async ({ page }) => {
  await openScreen(page, "classify");
  const lose = () => loseDevices(page);
  const text = page.getByRole("textbox", { name: "Text" });
  await lose();
  await text.fill("tell me a joke");
  await expect(bestLabel(page)).toHaveText("tell_joke");
  await expect(page.getByText("The GPU was lost; the model was loaded again.")).toBeVisible();
  await lose();
  await text.fill("wake me up at seven");
  await expectState(page, "error");
  await expect(page.getByRole("alert")).toContainText("The GPU stopped.");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(bestLabel(page)).toHaveText("alarm");
});

test.describe("in a browser without WebGPU", () => {
  test.use({ inWorker: "Object.defineProperty(WorkerNavigator.prototype, 'gpu', { get: () => undefined })" });

  test("the page says so, and which browser helps", async ({ page }) => {
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
    await page.goto("/#classify");
    await expectState(page, "no-webgpu");
    await expect(page.getByRole("alert")).toContainText("WebGPU");
    await expect(page.getByRole("alert")).toContainText("chrome://flags/#enable-unsafe-webgpu");
    await expect(page.getByRole("textbox", { name: "Text" })).toBeVisible();
  });
});

test.describe("in a browser without an adapter", () => {
  test.use({ inWorker: "GPU.prototype.requestAdapter = () => Promise.resolve(null)" });

  test("the page says that", async ({ page }) => {
    await page.goto("/#classify");
    await expectState(page, "no-webgpu");
    await expect(page.getByRole("alert")).toContainText("there is no usable GPU");
  });
});

test("links that make no sense show the screen with its own model; blocked storage too", async ({ page }) => {
  await page.addInitScript(() => {
    const refuse = {
      get: () => {
        throw new DOMException("blocked", "SecurityError");
      },
    };
    Object.defineProperty(window, "localStorage", refuse);
    Object.defineProperty(window, "sessionStorage", refuse);
  });
  for (const model of ["url:https://", "url:javascript:alert(1)", "hub:../..", "hub:a", "nothing"].slice(
    LONG ? 0 : 3,
  )) {
    await page.goto(`/#classify?model=${encodeURIComponent(model)}&text=tell+me+a+joke`);
    await page.reload();
    await expect(page.locator("main")).toHaveAttribute("data-model", INTENT);
  }
  await expectState(page, "result");
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await expect(page.getByRole("button", { name: "Use the light theme" })).toBeVisible();
});
