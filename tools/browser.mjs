// Finds the browser that tests and benches drive: an environment variable, an installed Chrome or Chromium,
// Playwright's own, else installs one. Says what it does.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

const BY_HAND = "Install Chrome or Chromium, or set CHROME_PATH to its executable.";

/** Flags that give headless Chromium a software WebGPU adapter and keep it from talking to anybody. */
export const BROWSER_FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

/** Shaders compile many times faster so; workgroup memory is then not zeroed, which no kernel of ours relies on. */
export const FAST_COMPILE_FLAG = "--enable-dawn-features=disable_workgroup_init";

function onPath(name) {
  const found = spawnSync(process.platform === "win32" ? "where" : "which", [name], { encoding: "utf8" });
  const first = found.stdout?.split("\n")[0]?.trim();
  return found.status === 0 && first ? first : undefined;
}

const INSTALLED = [
  () => onPath("chromium"),
  () => onPath("chromium-browser"),
  () => onPath("google-chrome"),
  () => onPath("google-chrome-stable"),
  () => "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  () => join(process.env["PROGRAMFILES"] ?? "C:\\Program Files", "Google\\Chrome\\Application\\chrome.exe"),
];

async function playwrightsOwn() {
  const { chromium } = await import("playwright");
  return chromium.executablePath();
}

/** The executable's path, or undefined when there is none. */
export async function findBrowser() {
  const named = process.env["CHROME_PATH"] ?? process.env["CHROMIUM_PATH"];
  if (named) {
    if (!existsSync(named)) throw new Error(`CHROME_PATH names ${named}, which does not exist. ${BY_HAND}`);
    return named;
  }
  for (const candidate of INSTALLED) {
    const path = candidate();
    if (path && existsSync(path)) return path;
  }
  const own = await playwrightsOwn();
  return existsSync(own) ? own : undefined;
}

/** The executable's path; installs a browser when there is none. */
export async function ensureBrowser() {
  const found = await findBrowser();
  if (found) return found;
  const attempts = [
    ["Debian package chromium", () => aptInstall("chromium")],
    [
      "Playwright's Chromium",
      () => execFileSync("npx", ["playwright", "install", "--with-deps", "chromium"], { stdio: "inherit" }),
    ],
  ];
  for (const [what, install] of attempts) {
    console.log(`No browser found: installing ${what} ...`);
    try {
      install();
    } catch (error) {
      console.log(`  ${what}: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
      continue;
    }
    const path = await findBrowser();
    if (path) return path;
  }
  throw new Error(`No browser could be installed. ${BY_HAND}`);
}

const FIREFOXES = ["firefox-esr", "firefox"];

/** Firefox's executable; installs Debian's firefox-esr where there is none. */
export async function ensureFirefox() {
  const find = () => process.env["FIREFOX_PATH"] ?? FIREFOXES.map(onPath).find((path) => path !== undefined);
  const found = find();
  if (found) return found;
  console.log("No Firefox found: installing the Debian package firefox-esr ...");
  aptInstall("firefox-esr");
  const path = find();
  if (!path) throw new Error("Firefox could not be installed. Install it, or set FIREFOX_PATH to its executable.");
  return path;
}

/** Where Chromium keeps its software Vulkan, which serves wgpu too where the machine has no driver of its own. */
export async function softwareVulkan() {
  const browser = await findBrowser();
  const folders = [...(browser ? [dirname(realpathSync(browser))] : []), "/usr/lib/chromium", "/opt/google/chrome"];
  const folder = folders.find((candidate) => existsSync(join(candidate, "vk_swiftshader_icd.json")));
  if (!folder) return {};
  const driver = join(folder, "vk_swiftshader_icd.json");
  return { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
}

function aptInstall(name) {
  if (!onPath("apt-get")) throw new Error("apt-get is not here");
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const run = (...args) =>
    execFileSync([...sudo, "apt-get", ...args][0], [...sudo, "apt-get", ...args].slice(1), {
      stdio: ["ignore", "ignore", "inherit"],
    });
  run("update");
  run("install", "-y", "--no-install-recommends", name);
}
