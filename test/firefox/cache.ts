// What the cache of models stands on: files of the origin that are written as a stream and read back.
import type { DenoTest } from "../support/deno.js";

export function cacheTests(): DenoTest[] {
  return [
    {
      name: "a file of the origin is written and read back",
      run: async () => {
        const root = await navigator.storage.getDirectory();
        const file = await root.getFileHandle("deberta-webgpu-test", { create: true });
        const stream = await file.createWritable();
        await stream.write(Uint8Array.of(1, 2, 3));
        await stream.close();
        const size = (await file.getFile()).size;
        await root.removeEntry("deberta-webgpu-test");
        if (size !== 3) throw new Error(`${size} bytes were kept`);
      },
    },
  ];
}
