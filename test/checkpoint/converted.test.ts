// Every golden model in every container: the same tensors, whatever the file they lie in.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesFromMemory, type Folder } from "../../src/checkpoint/byte-source.js";
import { floatsOf } from "../../src/checkpoint/floats.js";
import { CONTAINERS, inContainer, plainName, tensorsOf, type TorchTensor } from "../support/containers.js";
import { SHARED } from "../support/golden-node.js";

const own = new URL("../fixtures/model-cases/", import.meta.url).pathname;
/** In the short run each fourth of the shared ones. */
const SHORT = 4;
const folders = [own, ...(SHARED ? [`${SHARED}/golden/models/`] : [])].flatMap((root) =>
  readdirSync(root)
    .filter((name) => existsSync(`${root}${name}/config.json`))
    .filter((_, i) => __LONG__ || root === own || i % SHORT === 0)
    .map((name) => [`${name}${root === own ? " (of the project)" : ""}`, `${root}${name}/`] as const),
);

const folderAt = (path: string): Folder => ({
  open: (name) =>
    Promise.resolve(existsSync(path + name) ? bytesFromMemory(new Uint8Array(readFileSync(path + name))) : undefined),
});

/** What the twins do not have. */
const NOT_IN_KERAS =
  /^(act-gelu-fast|emd|emd-biased|emd-conv|mixed-dtypes|mlm-new-head|mlm-untied|old-names|unshared-mlm|head-mask-decoder .*)$/;

const shown = ({ dtype, shape, bytes }: TorchTensor, asFloats: boolean) =>
  asFloats ? [shape, [...floatsOf(dtype, bytes)]] : [dtype, shape, [...bytes]];

describe.each(CONTAINERS)("%s", (container) => {
  test.each(folders)("%s", async (name, path) => {
    const folder = folderAt(path);
    const converted = await inContainer(folder, container);
    if (!converted) {
      expect(name).toMatch(NOT_IN_KERAS);
      expect(container).toBe("Keras");
      return;
    }
    const [wanted, found] = [await tensorsOf(folder), await tensorsOf(converted)];
    const isKeras = container === "Keras";
    const nameThere = (key: string): string => (isKeras ? plainName(key) : key);
    const kept = [...wanted].filter(([key]) => !isKeras || found.has(nameThere(key)));
    expect(kept.length).toBeGreaterThan(10);
    if (!isKeras) expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [key, each] of kept)
      expect(shown(found.get(nameThere(key))!, isKeras), key).toEqual(shown(each, isKeras));
  });
});
