// A Chromium whose software adapter is Mesa's lavapipe instead of SwiftShader: a folder of links to the browser's files, in
// which one library is replaced by lavapipe-shim.c. For Linux with Mesa 25 (mesa-vulkan-drivers, libvulkan1) and a C compiler.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

const DRIVERS = "/usr/share/vulkan/icd.d";
const REPLACED = "libvk_swiftshader.so";

/** Distributions start the browser by a script beside which its files do not lie. */
function binaryOf(executable) {
  if (readFileSync(executable).subarray(0, 2).toString() !== "#!") return executable;
  const installed = ["/usr/lib/chromium/chromium", "/opt/google/chrome/chrome"].find(existsSync);
  if (!installed) throw new Error(`${executable} is a script: let CHROME_PATH name the browser's binary`);
  return installed;
}

/** The stand-in for a browser: its executable, the environment that it needs, and how to remove it. */
export function lavapipeBrowser(executable) {
  const driver = existsSync(DRIVERS) && readdirSync(DRIVERS).find((name) => /^lvp_icd.*\.json$/.test(name));
  if (!driver) throw new Error(`no lavapipe in ${DRIVERS}: install mesa-vulkan-drivers (Mesa 25 or newer)`);
  const binary = binaryOf(executable);
  const home = dirname(binary);
  const folder = mkdtempSync(join(tmpdir(), "chromium-lavapipe-"));
  const copy = join(folder, basename(binary));
  for (const name of readdirSync(home)) {
    if (name !== REPLACED && join(home, name) !== binary) symlinkSync(join(home, name), join(folder, name));
  }
  // The browser looks for its libraries beside its binary, which so must not be a symbolic link.
  try {
    linkSync(binary, copy);
  } catch {
    copyFileSync(binary, copy);
  }
  const shim = resolve(import.meta.dirname, "lavapipe-shim.c");
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", join(folder, REPLACED), shim, "-ldl"], { stdio: "inherit" });
  return {
    executable: copy,
    env: { VK_DRIVER_FILES: join(DRIVERS, driver), VK_ICD_FILENAMES: join(DRIVERS, driver) },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
